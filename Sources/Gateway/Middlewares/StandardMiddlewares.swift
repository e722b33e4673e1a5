/// All middlewares of the gateway in the order of the chain: the one place that says which there are, where each stands,
/// and which are on without being asked for.
enum StandardMiddlewares {
    static let all: [MiddlewareRegistration] = [
        .on(RequestIDMiddleware.self, defaults: RequestIDMiddleware.Config()),
        .on(MetricsMiddleware.self, defaults: MetricsMiddleware.Config()),
        .on(AccessLogMiddleware.self, defaults: AccessLogMiddleware.Config()),
        .on(TimeoutMiddleware.self, defaults: TimeoutMiddleware.Config()),
    ]
}
