package import GatewaySettings
import Logging
import NIOCore
import NIOPosix

/// What only compiling a configuration shows, as every event loop does at the start: mistakes that only the middleware
/// can find, and what is unwise. Nothing listens, and no upstream is contacted.
package struct PlanCheck: Sendable {
    package let errors: [ConfigurationError]
    package let warnings: [ConfigurationError]

    package init(_ configuration: GatewayConfiguration) async throws {
        try await self.init(configuration, middlewares: StandardMiddlewares.all)
    }

    /// - Parameter diagnostics: the mistakes that reading found already; what follows from them is not reported.
    init(
        _ configuration: GatewayConfiguration,
        after diagnostics: ConfigurationDiagnostics = ConfigurationDiagnostics(),
        middlewares: [MiddlewareRegistration]
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let eventLoop = group.next()
        let findings = try await eventLoop.submit {
            let worker = Worker.forChecking(on: eventLoop)
            defer { worker.deadlines.stop() }
            let upstreams = UpstreamRegistry(configuration, inProcess: [:], workerCount: 1)
            let status = GatewayStatus(
                GatewayStatus.Running(configuration: configuration, upstreams: upstreams),
                middlewares: middlewares.map(\.description),
                shared: worker.shared,
                registry: MeterRegistry(),
                reloads: ReloadMeters(start: 0),
                eventLoops: []
            )
            return PlanBuilder.check(
                configuration,
                middlewares: middlewares,
                upstreams: upstreams,
                admin: AdminRouter(status: status),
                worker: worker,
                after: diagnostics
            )
        }.get()
        try await group.shutdownGracefully()
        self.errors = findings.errors
        self.warnings = findings.warnings
    }
}

extension Worker {
    /// One that serves nothing.
    fileprivate static func forChecking(on eventLoop: any EventLoop) -> Worker {
        Worker(
            index: 0,
            eventLoop: eventLoop,
            shared: SharedState(trustedProxies: [], slowRequest: nil, maxConnections: 0),
            meters: MeterRegistry().makeShard(on: eventLoop),
            accessLog: nil,
            accessLogFormat: AccessLogFormat(.json),
            log: Logger(label: "gateway.check")
        )
    }
}
