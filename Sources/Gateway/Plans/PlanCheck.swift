import GatewayAdmin
import GatewayCore
import GatewayMiddlewares
import GatewaySettings
import Logging
import NIOCore
import NIOPosix

/// The errors and warnings that only building a configuration reveals, such as those that middlewares report, and routes
/// whose access rules a request can bypass. It builds the plans as every event loop does at startup, but opens no
/// listeners and contacts no upstreams.
struct PlanCheck: Sendable {
    let errors: [ConfigurationError]
    package let warnings: [ConfigurationError]

    init(_ configuration: GatewayConfiguration) async throws {
        try await self.init(configuration, middlewares: StandardMiddlewares.all)
    }

    /// Checks a configuration.
    ///
    /// - Parameter diagnostics: The errors found while reading. Their consequences are not reported.
    init(
        _ configuration: GatewayConfiguration,
        after diagnostics: ConfigurationDiagnostics = ConfigurationDiagnostics(),
        middlewares: [MiddlewareRegistration]
    ) async throws {
        let upstreams = UpstreamRegistry(configuration, inProcess: [:])
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let eventLoop = group.next()
        let setup = WorkerSetup(log: Logger(label: "gateway.check"))
        let files = AuthFiles(configuration, after: diagnostics, shared: setup.shared, log: setup.log).errors()
        let findings = try await eventLoop.submit {
            let worker = Worker(setup, on: eventLoop)
            defer { worker.deadlines.stop() }
            let status = GatewayStatus(
                GatewayStatus.Running(configuration: configuration, upstreams: upstreams),
                middlewares: middlewares.descriptions,
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
        let certificates = CertificateCheck(
            configuration: configuration,
            diagnostics: diagnostics,
            now: Platform.unixMilliseconds() / 1000
        )
        self.errors =
            findings.errors + configuration.errors(for: upstreams.failures) + configuration.redisFileErrors()
            + configuration.eventStoreErrors() + certificates.errors + files
        // Gaps between routes are judged only if the routes were read as written.
        let gaps =
            diagnostics.errors.isEmpty
            ? RouteGaps(configuration: configuration, middlewares: middlewares.descriptions).warnings()
                + EncodedSlashRoutes(configuration: configuration).warnings() : []
        self.warnings = gaps + findings.warnings + certificates.warnings
    }
}
