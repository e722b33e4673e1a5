import GatewayAdmin
import GatewayCore
import GatewayEvents
import GatewayMiddlewares
import GatewayRedis

/// Every metric, grouped and ordered as in `docs/metrics.md`. Each is declared by the type that counts it. Middlewares of
/// embedding programs may add others.
package enum MetricCatalog {
    package static let groups: [(title: String, metrics: [MetricDescription])] = [
        (
            "Requests",
            [
                RouteMeters.requestsAnswered, RouteMeters.requestDuration, RouteMeters.responseFirstByte,
                RouteMeters.requestsInFlight, RouteMeters.receivedBytes, RouteMeters.sentBytes,
                RouteMeters.errorsByCode, RouteMeters.missedDeadlines, RouteMeters.grpcRequests,
                RequestIDMiddleware.requestIDsReplaced,
            ]
        ),
        (
            "Upstreams",
            [
                TargetMeters.requestsAnswered, TargetMeters.requestDuration, TargetMeters.connections,
                TargetMeters.connects, TargetMeters.targetUp, TargetMeters.retries, TargetMeters.queueTime,
                TargetMeters.circuitState, TargetMeters.circuitTransitions,
                HealthChecker.checks,
            ]
        ),
        (
            "Middlewares",
            [
                RateLimitMiddleware.decisions, RateLimitMiddleware.trackedKeys, AuthMeters.results,
                ConsumerMeters.requests,
                CompressionMeters.bytes,
                CacheMeters.requests, TierMeters.requests, CacheStoreMeters.bytes, CacheStoreMeters.objects,
                CacheStoreMeters.evictions, CacheStoreMeters.purges, CacheWarmer.requests,
                ETagMiddleware.notModifiedTotal, CSPReportMiddleware.reports, RequestMirror.requests,
            ]
        ),
        (
            "Redis",
            [RedisNodes.up, RedisMeters.commands, RedisMeters.duration]
        ),
        (
            "WebSockets",
            [
                WebSocketMeters.connections, WebSocketMeters.handshakes, WebSocketMeters.messages,
                WebSocketMeters.bytes, WebSocketMeters.closed,
            ]
        ),
        (
            "Events",
            [
                EventMeters.published, EventMeters.dropped,
                WebhookMeters.deliveries, WebhookMeters.duration, WebhookMeters.pending, EventStore.errors,
                AlertMeters.firing, AlertMeters.failures, AlertMeters.duration,
                RequestReports.events,
                StreamMeters.clients, StreamMeters.messages,
            ]
        ),
        ("Traces", [TracedRequests.spans]),
        (
            "Client connections",
            [
                ListenerPlan.connections, ListenerPlan.connectionsAccepted, ListenerPlan.proxyHeaders,
                HandshakeMeters.handshakes, CertificateWatch.expiry, Worker.http2Floods,
            ]
        ),
        (
            "The gateway itself",
            [
                ReloadMeters.reloads, ReloadMeters.lastSuccess, ReloadMeters.lastSuccessTime, ProcessMetrics.build,
                GatewayStatus.logLinesDropped,
                MeterRegistry.seriesDropped, Worker.eventLoopLag, RuntimeWatch.stalls,
            ]
        ),
        (
            "Process",
            [
                ProcessMetrics.cpu, ProcessMetrics.residentMemory, ProcessMetrics.openFiles,
                ProcessMetrics.maximumFiles, ProcessMetrics.startTime,
            ]
        ),
    ]

    package static var all: [MetricDescription] { self.groups.flatMap(\.metrics) }
}
