package import GatewaySettings

/// A middleware in a ``MiddlewareList``, with its default settings.
public struct MiddlewareRegistration: Sendable {
    package let description: MiddlewareDescription
    /// Builds a middleware for one route and event loop from settings that were decoded before.
    package typealias Factory = @Sendable (inout BuildContext) -> any Middleware

    /// Decodes the settings. Routes with the same settings can share the result. Returns nil if the settings belong to the
    /// other place of the middleware in the chain.
    package let decode: @Sendable (EffectiveMiddleware) throws(ConfigurationErrors) -> Factory?
    /// Whether the middleware shares the table of an earlier one in the list.
    package private(set) var isSecondPlace = false
    /// Whether routes with the same settings can share one middleware per event loop, because it depends on nothing else.
    package private(set) var isShareable = false
    /// The kinds of credentials that the middleware can ask for.
    package private(set) var authenticators: [AuthenticatorRegistration] = []

    /// Registers a middleware with its default settings.
    ///
    /// - Parameters:
    ///   - type: The middleware.
    ///   - defaults: The default settings. `gateway.toml` overrides them by key, in `[middleware.NAME]`, policies and
    ///     routes.
    ///   - onByDefault: Whether it runs on every route unless switched off with `NAME = false`, or only where its table
    ///     is present.
    public static func of<M: Middleware>(
        _ type: M.Type,
        defaults: M.Config,
        onByDefault: Bool = true
    ) -> MiddlewareRegistration {
        Self(type, defaults, onByDefault: onByDefault)
    }

    /// Registers a middleware whose settings conform to ``MiddlewareSettings``.
    ///
    /// - Parameters:
    ///   - type: The middleware.
    ///   - onByDefault: Whether it runs on every route unless switched off with `NAME = false`, or only where its table
    ///     is present.
    public static func of<M: Middleware>(_ type: M.Type, onByDefault: Bool = true) -> MiddlewareRegistration
    where M.Config: MiddlewareSettings {
        Self(type, M.Config(), onByDefault: onByDefault)
    }

    /// Registers a middleware that runs on every route unless switched off.
    package static func on<M: Middleware>(_ type: M.Type, defaults: M.Config) -> Self {
        Self(type, defaults, onByDefault: true)
    }

    /// Lets routes with the same settings share the middleware.
    package func shareable() -> Self {
        var registration = self
        registration.isShareable = true
        return registration
    }

    /// Lets the middleware ask for further kinds of credentials.
    package func authenticating(with kinds: [AuthenticatorRegistration]) -> Self {
        var registration = self
        registration.authenticators += kinds
        return registration
    }

    /// Registers a middleware that runs only where its table is present.
    ///
    /// - Parameter belongs: Whether the middleware runs here with these settings, or at its second place.
    package static func whenConfigured<M: Middleware>(
        _ type: M.Type,
        defaults: M.Config,
        where belongs: @escaping @Sendable (M.Config) -> Bool = { _ in true }
    ) -> Self {
        Self(type, defaults, onByDefault: false, where: belongs)
    }

    /// Registers the second place of a middleware that is in the list already. Both have one table, whose settings say at
    /// which of the places the middleware runs on a route.
    package static func secondPlace<M: Middleware>(
        of type: M.Type,
        defaults: M.Config,
        where belongs: @escaping @Sendable (M.Config) -> Bool
    ) -> Self {
        var registration = Self(type, defaults, onByDefault: false, where: belongs)
        registration.isSecondPlace = true
        return registration
    }

    private init<M: Middleware>(
        _ type: M.Type,
        _ defaults: M.Config,
        onByDefault: Bool,
        where belongs: @escaping @Sendable (M.Config) -> Bool = { _ in true }
    ) {
        self.description = MiddlewareDescription(M.name, onByDefault: onByDefault, defaults: defaults)
        self.decode = { (settings) throws(ConfigurationErrors) -> Factory? in
            let config = try settings.decode(M.Config.self)
            guard belongs(config) else { return nil }
            return { M(config, in: &$0) }
        }
    }
}

extension [MiddlewareRegistration] {
    /// The middlewares with tables of their own.
    package var descriptions: [MiddlewareDescription] { self.filter { !$0.isSecondPlace }.map(\.description) }

    /// The index of each middleware's description in ``descriptions``.
    package var tables: [Int] {
        let names = self.descriptions.map(\.name)
        return self.map { registration in names.firstIndex(of: registration.description.name) ?? 0 }
    }
}

/// Settings of a middleware in which every property has a default.
public protocol MiddlewareSettings: Codable, Sendable {
    /// The defaults.
    init()
}

/// The settings of a middleware without settings.
public struct NoSettings: MiddlewareSettings {
    /// Creates the empty settings.
    public init() {}
}
