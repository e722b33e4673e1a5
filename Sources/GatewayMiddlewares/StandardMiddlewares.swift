public import GatewayCore
public import GatewaySettings

/// All middlewares of the gateway in the order of the chain. This is the only place that defines which exist, their
/// order, and which are on by default.
package enum StandardMiddlewares {
    package static let all: [MiddlewareRegistration] = [
        .on(RequestIDMiddleware.self, defaults: RequestIDMiddleware.Config()),
        // Before metrics and logs, which tell whether the spans of a request are kept.
        .on(TracingMiddleware.self, defaults: TracingMiddleware.Config()),
        .on(MetricsMiddleware.self, defaults: MetricsMiddleware.Config()),
        .on(AccessLogMiddleware.self, defaults: AccessLogMiddleware.Config()),
        .whenConfigured(ServerTimingMiddleware.self, defaults: ServerTimingMiddleware.Config()),
        .on(TimeoutMiddleware.self, defaults: TimeoutMiddleware.Config()),
        .on(SecurityHeadersMiddleware.self, defaults: SecurityHeadersMiddleware.Config()).shareable(),
        // Above all that refuses requests, so that preflights pass and pages can read why a request was refused.
        .whenConfigured(CORSMiddleware.self, defaults: CORSMiddleware.Config()),
        .whenConfigured(IPMiddleware.self, defaults: IPMiddleware.Config()),
        // Before auth, which costs more and lets a flood of wrong credentials through, unless the limit depends on who
        // calls.
        .whenConfigured(RateLimitMiddleware.self, defaults: RateLimitMiddleware.Config()) { !$0.dependsOnCaller },
        .whenConfigured(AuthMiddleware.self, defaults: AuthMiddleware.Config())
            .authenticating(with: StandardAuthenticators.all),
        .secondPlace(of: CallerRateLimitMiddleware.self, defaults: RateLimitMiddleware.Config()) {
            $0.dependsOnCaller
        },
        .whenConfigured(WebSocketMiddleware.self, defaults: WebSocketMiddleware.Config()),
        .whenConfigured(ConcurrencyMiddleware.self, defaults: ConcurrencyMiddleware.Config()),
        .whenConfigured(LimitsMiddleware.self, defaults: LimitsMiddleware.Config()),
        .whenConfigured(HeadersMiddleware.self, defaults: HeadersMiddleware.Config()),
        .on(CompressionMiddleware.self, defaults: CompressionMiddleware.Config()),
        // Above etag, so that stored responses have their tag; below compression, which encodes them for each client.
        .whenConfigured(CacheMiddleware.self, defaults: CacheMiddleware.Config()),
        .on(ETagMiddleware.self, defaults: ETagMiddleware.Config()),
        // Below cache and etag, so that selections are stored and tagged.
        .whenConfigured(FieldsMiddleware.self, defaults: FieldsMiddleware.Config()),
        .on(ErrorsMiddleware.self, defaults: ErrorsMiddleware.Config()),
        // Below all that changes a request, so that a copy is what the upstream receives.
        .whenConfigured(MirrorMiddleware.self, defaults: MirrorMiddleware.Config()),
        .whenConfigured(RetryMiddleware.self, defaults: RetryMiddleware.Config()),
    ]
}

extension MiddlewareList {
    /// The standard middlewares.
    public static var standard: MiddlewareList { MiddlewareList(StandardMiddlewares.all) }
}

extension [MiddlewareDescription] {
    /// The standard middlewares, in the order of the chain.
    public static var standard: [MiddlewareDescription] { StandardMiddlewares.all.descriptions }
}
