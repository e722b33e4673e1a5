/// A middleware as a ``MiddlewareList`` holds it.
public struct MiddlewareRegistration: Sendable {
    let description: MiddlewareDescription
    let build: @Sendable (EffectiveMiddleware, inout BuildContext) throws(ConfigurationErrors) -> any Middleware

    /// A middleware with the settings that hold where none are written.
    ///
    /// - Parameters:
    ///   - type: the middleware.
    ///   - defaults: its settings; `gateway.toml` changes them by key under `[middleware.NAME]`, in policies and routes.
    ///   - onByDefault: whether it runs for every route that does not switch it off with `NAME = false`, or only where a
    ///     table of its own stands.
    public static func of<M: Middleware>(
        _ type: M.Type,
        defaults: M.Config,
        onByDefault: Bool = true
    ) -> MiddlewareRegistration {
        Self(type, defaults, onByDefault: onByDefault)
    }

    /// A middleware whose settings say themselves what holds where none are written.
    ///
    /// - Parameters:
    ///   - type: the middleware.
    ///   - onByDefault: whether it runs for every route that does not switch it off with `NAME = false`, or only where a
    ///     table of its own stands.
    public static func of<M: Middleware>(_ type: M.Type, onByDefault: Bool = true) -> MiddlewareRegistration
    where M.Config: MiddlewareSettings {
        Self(type, M.Config(), onByDefault: onByDefault)
    }

    /// On for every route that does not switch it off.
    static func on<M: Middleware>(_ type: M.Type, defaults: M.Config) -> Self {
        Self(type, defaults, onByDefault: true)
    }

    /// On where a table of its own stands.
    static func whenConfigured<M: Middleware>(_ type: M.Type, defaults: M.Config) -> Self {
        Self(type, defaults, onByDefault: false)
    }

    private init<M: Middleware>(_ type: M.Type, _ defaults: M.Config, onByDefault: Bool) {
        self.description = MiddlewareDescription(M.name, onByDefault: onByDefault, defaults: defaults)
        self.build = { (settings, context) throws(ConfigurationErrors) in
            M(try settings.decode(M.Config.self), in: &context)
        }
    }
}

/// Settings of a middleware that can be made without a file: every property has a default.
public protocol MiddlewareSettings: Codable, Sendable {
    /// The defaults.
    init()
}

/// The settings of a middleware that has none.
public struct NoSettings: MiddlewareSettings {
    /// No settings.
    public init() {}
}
