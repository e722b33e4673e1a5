import GatewayAdmin
import GatewayCore
import GatewayEvents
import GatewayMiddlewares
import GatewaySettings
import GatewayTracing
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Synchronization

/// The running gateway: the workers and the name resolution, access log and admin API that they share.
final class GatewayRuntime: Sendable {
    let upstreams: UpstreamRegistry
    let shared: SharedState
    let workers: WorkerGroup
    let status: GatewayStatus
    let inspector: ConfigurationInspector
    let source: ConfigurationSource
    let middlewares: [MiddlewareRegistration]
    let accessLog: NIOLockedValueBox<LogWriter?>
    let droppedLogLines: SharedMeter
    let admin = NIOLockedValueBox<AdminListener?>(nil)
    let reloads = ReloadQueue()
    /// The routes that the workers share. Kept here so that the last reference is not released on an event loop.
    let routes: NIOLockedValueBox<CompiledRoutes>
    /// What a reload replaced and still ends.
    let departures = Departures()
    let certificates: CertificateWatch
    let events: EventService
    let traces: TraceService
    private let refreshes: [FileRefresh]
    let log: Logger
    private let names: NameResolver
    private let healthChecks: NIOLoopBound<HealthChecker>?
    let warmer: NIOLoopBound<CacheWarmer>
    let watch: RuntimeWatch
    private let isStopped = Atomic(false)

    init(
        _ configuration: GatewayConfiguration,
        middlewares: [MiddlewareRegistration],
        inProcess: [String: InProcessHandler],
        accessLog: LogWriter?,
        events: EventBus,
        names: NameResolver.Settings = NameResolver.Settings(),
        source: ConfigurationSource = ConfigurationSource(),
        log: Logger
    ) async throws {
        let upstreams = UpstreamRegistry(configuration, inProcess: inProcess)
        try configuration.require(upstreams.failures)
        var setup = WorkerSetup(configuration, events: events, log: log)
        let certificates = CertificateWatch(events: setup.shared.events, log: log)
        let files = AuthFiles(configuration, shared: setup.shared, log: log)
        let tls = try await InspectionThread.run {
            try files.read()
            return try certificates.prepare(configuration)
        }
        certificates.apply(tls)
        certificates.register(with: setup.registry)
        setup.tls = tls.tls
        let count = configuration.server.workers.number ?? System.coreCount
        let group = MultiThreadedEventLoopGroup(numberOfThreads: count)
        setup.settings = WorkerSettings(configuration, workers: count, log: log)
        setup.accessLog = accessLog
        let audit = AuditLog(configuration.audit, log: log)
        await audit.open()
        setup.shared.credentialFailures.send { audit.record($0) }
        let status = GatewayStatus(
            GatewayStatus.Running(configuration: configuration, upstreams: upstreams),
            middlewares: middlewares.descriptions,
            shared: setup.shared,
            registry: setup.registry,
            reloads: ReloadMeters(start: Platform.unixMilliseconds()),
            audit: audit,
            certificates: certificates,
            eventLoops: Array(group.makeIterator())
        )
        let droppedLogLines = accessLog?.droppedLines ?? SharedMeter()
        status.registerMeters(droppedLogLines: droppedLogLines)
        let admin = AdminRouter(status: status)
        self.names = NameResolver(names, log: log)
        self.watch = RuntimeWatch(
            setup.shared,
            memoryLimit: { status.configuration.server.memoryLimit.bytes },
            log: log
        )
        let routes = CompiledRoutes(configuration, middlewares: middlewares.descriptions)
        self.watch.register(with: setup.registry)
        // Requests may come before there is somebody who takes their spans.
        setup.shared.tracedRequests.serve(limit: configuration.tracing.isOn ? configuration.tracing.queue : 0, nil)
        self.workers = try await WorkerGroup(setup, on: group) { worker in
            worker.table = try PlanBuilder.build(
                configuration,
                middlewares: middlewares,
                routes: routes,
                upstreams: upstreams,
                admin: admin,
                worker: worker
            )
        }
        upstreams.follow(self.names)
        self.events = try await EventService.start(
            configuration,
            bus: events,
            registry: setup.registry,
            reports: setup.shared.requestReports,
            names: self.names,
            log: log
        )
        status.events = self.events
        setup.shared.tracedRequests.register(with: setup.registry)
        self.traces = TraceService(setup.shared.tracedRequests, names: self.names, log: log)
        await self.traces.apply(configuration)
        status.dashboard.start(on: self.events.eventLoop, for: status)
        self.healthChecks = try await HealthChecker.start(for: upstreams, on: self.workers)
        self.warmer = try await Self.startCache(on: self.workers.workers[0], middlewares: middlewares, status: status)
        self.upstreams = upstreams
        self.shared = setup.shared
        self.status = status
        self.certificates = certificates
        let upstreamFiles = UpstreamFileWatch(upstreams, events: setup.shared.events, log: log)
        self.refreshes = [
            FileRefresh(
                every: { [status] in status.configuration.server.tls?.refresh },
                begin: { certificates.remind(at: Platform.unixMilliseconds() / 1000) },
                look: {
                    certificates.look()
                    certificates.remind(at: Platform.unixMilliseconds() / 1000)
                }
            ),
            FileRefresh(every: { upstreamFiles.interval }, look: upstreamFiles.look),
            FileRefresh(
                every: { [shared = setup.shared] in shared.fileInterval },
                look: { [shared = setup.shared] in shared.lookAtFiles() }
            ),
        ]
        self.inspector = ConfigurationInspector(source, middlewares: middlewares)
        self.routes = NIOLockedValueBox(routes)
        self.source = source
        self.middlewares = middlewares
        self.accessLog = NIOLockedValueBox(accessLog)
        self.droppedLogLines = droppedLogLines
        self.log = log
        status.control = self
        self.applyCache()
    }

    var configuration: GatewayConfiguration { self.status.configuration }

    /// The bound addresses, in the order of the configuration.
    var boundAddresses: [SocketAddress] { self.workers.boundAddresses }

    /// The address of the admin API; nil if it is off.
    var adminAddress: SocketAddress? { self.adminListener?.boundAddress }

    var adminListener: AdminListener? { self.admin.withLockedValue { $0 } }

    /// Whether every event loop runs a task within `timeout`.
    func eventLoopsRespond(within timeout: TimeAmount) async -> Bool {
        await self.status.eventLoopsRespond(within: timeout)
    }

    /// Stops accepting connections and finishes open requests within the configured time.
    ///
    /// - Parameter isHandedOver: Whether another process has the listening sockets and accepts connections.
    /// - Returns: The number of connections that were cut off.
    func drain(isHandedOver: Bool = false) async -> Int {
        self.endServing(isHandedOver: isHandedOver)
        // A reload that has begun completes; later ones are refused.
        await self.reloads.run {}
        let server = self.configuration.server
        if isHandedOver {
            await self.events.handOver()
            await self.workers.closeListeners(isHandedOver: true)
            await self.adminListener?.handOver()
        } else if server.drainDelay > .zero {
            try? await Task.sleep(nanoseconds: UInt64(server.drainDelay.nanoseconds))
        }
        return await self.workers.drain(
            within: TimeAmount(server.drainTimeout),
            isHandedOver: isHandedOver
        )
    }

    /// Stops everything and releases its resources. Further calls have no effect.
    func stop() async {
        guard !self.isStopped.exchange(true, ordering: .relaxed) else { return }
        await self.workers.closeListeners()
        await self.watch.stop()
        for refresh in self.refreshes { refresh.stop() }
        try? await self.warmer.eventLoop.submit { self.warmer.value.stop() }.get()
        try? await self.healthChecks?.eventLoop.submit { self.healthChecks?.value.stop() }.get()
        await self.workers.stop()
        if let accessLog = self.accessLog.withLockedValue({ $0 }) { _ = await accessLog.close(within: .seconds(2)) }
        await self.adminListener?.stop()
        await self.departures.wait()
        await self.traces.stop()
        await self.events.stop()
        await self.names.stop()
        await self.status.audit.stop()
        await self.workers.shutDown()
    }

    func reopenLogs() async throws {
        await self.status.audit.reopen()
        try await self.accessLog.withLockedValue { $0 }?.reopen()
    }
}

extension WorkerSetup {
    /// Creates the worker setup for a configuration. The connection limit also depends on the system.
    fileprivate init(_ configuration: GatewayConfiguration, events: EventBus, log: Logger) {
        self.init(shared: SharedState(events: events), log: log)
        self.registry = MeterRegistry(
            buckets: HistogramBuckets(seconds: configuration.metrics.buckets),
            seriesLimit: configuration.metrics.seriesLimit
        )
        self.accessLogStyle = AccessLogStyle(configuration.log.format, for: configuration.log.access.destination)
        self.addresses = configuration.server.listen
        self.limits = configuration.server.limits
    }
}

extension WorkerSettings {
    init(_ configuration: GatewayConfiguration, workers: Int, log: Logger) {
        self.init()
        self.trustedProxies = TrustedProxies(configuration.server.trustedProxies)
        self.readsProxyHeaders = configuration.server.proxyProtocol
        self.slowRequest = configuration.log.slowRequest.span.map(TimeAmount.init)
        self.maxConnections = FileLimits.connections(of: configuration, workers: workers, log: log)
        self.http2 = HTTP2Limits(configuration.server.http2)
        self.reports = ReportPolicy(configuration)
        self.secretParameters = configuration.auth.apiKey.map { $0.query.isEmpty ? [] : [$0.query] } ?? []
    }
}
