/// All middlewares of the gateway in the order of the chain: the one place that says which there are, where each stands,
/// and which are on without being asked for.
enum StandardMiddlewares {
    static let all: [MiddlewareRegistration] = [
        .on(RequestIDMiddleware.self, defaults: RequestIDMiddleware.Config()),
        .on(MetricsMiddleware.self, defaults: MetricsMiddleware.Config()),
        .on(AccessLogMiddleware.self, defaults: AccessLogMiddleware.Config()),
        .whenConfigured(ServerTimingMiddleware.self, defaults: ServerTimingMiddleware.Config()),
        .on(TimeoutMiddleware.self, defaults: TimeoutMiddleware.Config()),
        .on(SecurityHeadersMiddleware.self, defaults: SecurityHeadersMiddleware.Config()),
        .whenConfigured(IPMiddleware.self, defaults: IPMiddleware.Config()),
        .whenConfigured(RateLimitMiddleware.self, defaults: RateLimitMiddleware.Config()),
        .whenConfigured(ConcurrencyMiddleware.self, defaults: ConcurrencyMiddleware.Config()),
        .whenConfigured(LimitsMiddleware.self, defaults: LimitsMiddleware.Config()),
        .whenConfigured(HeadersMiddleware.self, defaults: HeadersMiddleware.Config()),
        .on(CompressionMiddleware.self, defaults: CompressionMiddleware.Config()),
        .on(ETagMiddleware.self, defaults: ETagMiddleware.Config()),
        .on(ErrorsMiddleware.self, defaults: ErrorsMiddleware.Config()),
    ]
}

/// A middleware as the chain's list holds it.
struct MiddlewareRegistration: Sendable {
    let description: MiddlewareDescription
    let build: @Sendable (EffectiveMiddleware, inout BuildContext) throws(ConfigurationErrors) -> any Middleware

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
