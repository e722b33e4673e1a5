/// The middlewares of a gateway in the order of the chain: the first sees a request first and its response last.
///
/// ```swift
/// MiddlewareList.standard.inserting(.of(Tenant.self), before: "rate_limit")
/// ```
public struct MiddlewareList: Sendable {
    private(set) var registrations: [MiddlewareRegistration]
    /// What was asked for that cannot be; ``GatewayServer`` refuses it with the mistakes of the configuration.
    private(set) var mistakes: [ConfigurationError] = []

    /// The middlewares that the gateway brings.
    public static var standard: MiddlewareList { MiddlewareList(StandardMiddlewares.all) }

    /// None at all; for a chain of one's own from nothing.
    public static var empty: MiddlewareList { MiddlewareList([]) }

    init(_ registrations: [MiddlewareRegistration]) { self.registrations = registrations }

    /// The names of the middlewares, which are those of their tables in `gateway.toml`, in the order of the chain.
    public var names: [String] { self.registrations.map(\.description.name) }

    /// With a further middleware before the one of that name.
    public func inserting(_ middleware: MiddlewareRegistration, before name: String) -> MiddlewareList {
        self.inserting(middleware, at: self.place(of: name), name)
    }

    /// With a further middleware behind the one of that name.
    public func inserting(_ middleware: MiddlewareRegistration, after name: String) -> MiddlewareList {
        self.inserting(middleware, at: self.place(of: name).map { $0 + 1 }, name)
    }

    /// With a further middleware behind all, next to the upstream.
    public func appending(_ middleware: MiddlewareRegistration) -> MiddlewareList {
        self.inserting(middleware, at: self.registrations.count, "")
    }

    /// Without the middleware of that name. Its table is an unknown key then.
    public func removing(_ name: String) -> MiddlewareList {
        var list = self
        guard let place = self.place(of: name) else {
            list.mistakes.append(self.unknown(name))
            return list
        }
        list.registrations.remove(at: place)
        return list
    }

    var descriptions: [MiddlewareDescription] { self.registrations.map(\.description) }

    private func place(of name: String) -> Int? {
        self.registrations.firstIndex { $0.description.name == name }
    }

    private func inserting(_ middleware: MiddlewareRegistration, at place: Int?, _ neighbour: String) -> MiddlewareList
    {
        var list = self
        if let mistake = self.mistake(in: middleware.description.name) { list.mistakes.append(mistake) }
        if let place {
            list.registrations.insert(middleware, at: place)
        } else {
            list.mistakes.append(self.unknown(neighbour))
        }
        return list
    }

    private func mistake(in name: String) -> ConfigurationError? {
        guard MetricName.isName(name) else {
            return ConfigurationError(
                "\(JSONText.quoted(name)) is not a name for a middleware",
                suggestion: "use lower-case letters, digits and \"_\""
            )
        }
        if self.place(of: name) != nil {
            return ConfigurationError("there are two middlewares called \"\(name)\"", suggestion: "rename one")
        }
        if SettingSchema.of(RouteConfiguration()).field(name) != nil {
            return ConfigurationError("\"\(name)\" is a key of routes", suggestion: "rename it")
        }
        return nil
    }

    private func unknown(_ name: String) -> ConfigurationError {
        ConfigurationError(
            "there is no middleware \(JSONText.quoted(name)) in the list",
            suggestion: "there are \(SettingWalker.list(self.names))"
        )
    }
}
