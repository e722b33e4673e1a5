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
