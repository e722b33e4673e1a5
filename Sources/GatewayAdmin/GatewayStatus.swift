package import GatewayCache
package import GatewayCore
package import GatewayEvents
import GatewayRedis
package import GatewaySettings
import NIOConcurrencyHelpers
package import NIOCore

/// What the admin API reports on: the running configuration, and the sources of everything else.
package final class GatewayStatus: Sendable {
    package let shared: SharedState
    package let registry: MeterRegistry
    package let reloads: ReloadMeters
    package let audit: AuditLog
    /// The certificates of the listeners; nil if there are no listeners.
    package let certificates: CertificateWatch?
    /// The event loops that serve traffic.
    package let eventLoops: [any EventLoop]
    private let middlewares: [MiddlewareDescription]
    private let running: NIOLockedValueBox<Running>
    private let start: NIOLockedValueBox<StatisticsStart>
    /// Nil until there is a cache.
    private let knownCache = NIOLockedValueBox<(any CacheControlling)?>(nil)
    /// Nil until the gateway runs.
    private let knownEvents = NIOLockedValueBox<EventService?>(nil)
    let webhookWrites = WebhookWrites()
    package let dashboard = DashboardFeed()
    /// Nil until the metrics are registered.
    private let knownDroppedLogLines = NIOLockedValueBox<SharedMeter?>(nil)
    private let controlled = NIOLockedValueBox(Controlled())

    package static let logLinesDropped = MetricDescription(
        "gateway_log_lines_dropped_total",
        .counter,
        help: "Log lines that could not be written."
    )

    /// What a reload replaces as a whole.
    package struct Running: Sendable {
        package let configuration: GatewayConfiguration
        package let upstreams: UpstreamRegistry

        package init(configuration: GatewayConfiguration, upstreams: UpstreamRegistry) {
            self.configuration = configuration
            self.upstreams = upstreams
        }
    }

    package init(
        _ running: Running,
        middlewares: [MiddlewareDescription],
        shared: SharedState,
        registry: MeterRegistry,
        reloads: ReloadMeters,
        audit: AuditLog = AuditLog(),
        certificates: CertificateWatch? = nil,
        eventLoops: [any EventLoop]
    ) {
        self.running = NIOLockedValueBox(running)
        self.middlewares = middlewares
        self.shared = shared
        self.registry = registry
        self.reloads = reloads
        self.audit = audit
        self.certificates = certificates
        self.eventLoops = eventLoops
        self.start = NIOLockedValueBox(StatisticsStart(at: shared.startedAt, milliseconds: Platform.unixMilliseconds()))
    }

    package var configuration: GatewayConfiguration { self.running.withLockedValue { $0.configuration } }
    package var upstreams: UpstreamRegistry { self.running.withLockedValue { $0.upstreams } }

    package func replace(_ running: Running) { self.running.withLockedValue { $0 = running } }

    /// Changes the running gateway; nil before the start and after the end.
    package var control: (any GatewayControl)? {
        get { self.controlled.withLockedValue { $0.control } }
        set { self.controlled.withLockedValue { $0.control = newValue } }
    }

    private struct Controlled: Sendable {
        /// Weak, because the gateway owns the admin API.
        weak var control: (any GatewayControl)?
    }

    /// What responses are stored in; nil if no route has a cache.
    package var cache: (any CacheControlling)? {
        get { self.knownCache.withLockedValue { $0 } }
        set { self.knownCache.withLockedValue { $0 = newValue } }
    }

    /// What is done with events; nil before the start.
    package var events: EventService? {
        get { self.knownEvents.withLockedValue { $0 } }
        set { self.knownEvents.withLockedValue { $0 = newValue } }
    }

    /// The start of the JSON statistics.
    var statistics: StatisticsStart { self.start.withLockedValue { $0 } }

    /// Starts the JSON statistics over. Prometheus metrics are not affected.
    func resetStatistics(at now: NIODeadline) async {
        let families = await self.registry.snapshot()
        await self.registry.resetPerformance()
        let start = StatisticsStart(at: now, milliseconds: Platform.unixMilliseconds(), families: families)
        self.start.withLockedValue { $0 = start }
    }

    /// Registers the metrics that belong to no event loop.
    package func registerMeters(droppedLogLines: SharedMeter?) {
        self.registry.addSource(ProcessMetrics.families)
        self.registry.addSource { [ProcessMetrics.buildInfo(version: GatewayVersion.current)] }
        self.registry.addSource { [shared = self.shared] in RedisNodes.of(shared).families() }
        self.registry.add(droppedLogLines ?? SharedMeter(), as: Self.logLinesDropped)
        self.knownDroppedLogLines.withLockedValue { $0 = droppedLogLines }
        self.reloads.register(with: self.registry)
    }

    /// The log lines that could not be written so far.
    var droppedLogLines: Double { self.knownDroppedLogLines.withLockedValue { $0?.value ?? 0 } }

    /// Resolves the middleware settings of a route.
    package func resolver(of configuration: GatewayConfiguration) -> MiddlewareResolver {
        MiddlewareResolver(configuration, middlewares: self.middlewares)
    }

    /// Why no requests should be sent here; empty if the gateway is ready.
    var reasonsNotReady: [String] {
        var reasons = self.shared.isDraining ? ["draining"] : []
        reasons += self.upstreams.missing.map { "upstream \($0) has no healthy target" }
        return reasons
    }

    /// Whether every event loop that serves traffic runs a task within `timeout`.
    package func eventLoopsRespond(within timeout: TimeAmount) async -> Bool {
        await EventLoopProbe.allRespond(self.eventLoops, within: timeout)
    }

    /// In whole seconds.
    var uptime: Int { Int((NIODeadline.now() - self.shared.startedAt).nanoseconds / 1_000_000_000) }
}

extension GatewayStatus.Running {
    /// The names that have series.
    package var series: SeriesNames {
        SeriesNames(
            routes: Set(self.configuration.routes.map(\.name)),
            targets: self.upstreams.targetLabels,
            listeners: Set(self.configuration.server.listen.map { "\($0)" })
        )
    }
}
