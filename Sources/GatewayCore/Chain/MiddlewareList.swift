package import GatewaySettings

/// The middlewares of a gateway in the order of the chain. The first sees a request first and its response last.
///
/// ```swift
/// MiddlewareList.standard.inserting(.of(Tenant.self), before: "rate_limit")
/// ```
public struct MiddlewareList: Sendable {
    package private(set) var registrations: [MiddlewareRegistration]
    /// The errors in the list. `GatewayServer` reports them together with the errors in the configuration.
    package private(set) var mistakes: [ConfigurationError] = []

    /// An empty chain.
    public static var empty: MiddlewareList { MiddlewareList([]) }

    package init(_ registrations: [MiddlewareRegistration]) { self.registrations = registrations }

    /// The names of the middlewares and of their tables in `gateway.toml`, in the order of the chain.
    public var names: [String] { self.descriptions.map(\.name) }

    /// Returns the list with a middleware inserted before the named one.
    public func inserting(_ middleware: MiddlewareRegistration, before name: String) -> MiddlewareList {
        self.inserting(middleware, at: self.place(of: name), name)
    }

    /// Returns the list with a middleware inserted after the named one.
    public func inserting(_ middleware: MiddlewareRegistration, after name: String) -> MiddlewareList {
        self.inserting(middleware, at: self.place(of: name).map { $0 + 1 }, name)
    }

    /// Returns the list with a middleware added at the end, next to the upstream.
    public func appending(_ middleware: MiddlewareRegistration) -> MiddlewareList {
        self.inserting(middleware, at: self.registrations.count, "")
    }

    /// Returns the list without the named middleware. Its table becomes an unknown key.
    public func removing(_ name: String) -> MiddlewareList {
        var list = self
        guard self.place(of: name) != nil else {
            list.mistakes.append(self.unknown(name))
            return list
        }
        list.registrations.removeAll { $0.description.name == name }
        return list
    }

    /// Returns the list with a further kind of credential that routes may name in `auth.any`.
    public func authenticating(with kind: AuthenticatorRegistration) -> MiddlewareList {
        var list = self
        guard let place = self.place(of: "auth") else {
            list.mistakes.append(self.unknown("auth"))
            return list
        }
        if !MetricName.isName(kind.name) {
            list.mistakes.append(
                ConfigurationError(
                    "\(JSONText.quoted(kind.name)) is not a name for a kind of credential",
                    suggestion: "use lower-case letters, digits and \"_\""
                )
            )
        } else if self.registrations[place].authenticators.contains(where: { $0.name == kind.name }) {
            let message = "there are two kinds of credentials called \"\(kind.name)\""
            list.mistakes.append(ConfigurationError(message, suggestion: "rename one"))
        }
        list.registrations[place] = list.registrations[place].authenticating(with: [kind])
        return list
    }

    package var descriptions: [MiddlewareDescription] { self.registrations.descriptions }

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
