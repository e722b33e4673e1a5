import NIOCore
import Synchronization

/// What the admin API reads: the configuration that runs, and where the rest can be asked for.
final class GatewayStatus: Sendable {
    let shared: SharedState
    let registry: MeterRegistry
    let reloads: ReloadMeters
    /// Those that serve traffic.
    let eventLoops: [any EventLoop]
    private let middlewares: [MiddlewareDescription]
    private let running: Mutex<Running>
    private let start: Mutex<StatisticsStart>

    /// What a reload replaces whole.
    struct Running: Sendable {
        let configuration: GatewayConfiguration
        let upstreams: UpstreamRegistry
    }

    init(
        _ running: Running,
        middlewares: [MiddlewareDescription],
        shared: SharedState,
        registry: MeterRegistry,
        reloads: ReloadMeters,
        eventLoops: [any EventLoop]
    ) {
        self.running = Mutex(running)
        self.middlewares = middlewares
        self.shared = shared
        self.registry = registry
        self.reloads = reloads
        self.eventLoops = eventLoops
        self.start = Mutex(StatisticsStart(at: shared.startedAt, milliseconds: WallClock.milliseconds()))
    }

    var configuration: GatewayConfiguration { self.running.withLock { $0.configuration } }
    var upstreams: UpstreamRegistry { self.running.withLock { $0.upstreams } }

    func replace(_ running: Running) { self.running.withLock { $0 = running } }

    /// When the JSON statistics began.
    var statistics: StatisticsStart { self.start.withLock { $0 } }

    /// Begins the JSON statistics anew; what Prometheus reads goes on.
    func resetStatistics(at now: NIODeadline) async {
        let families = await self.registry.snapshot()
        await self.registry.resetPerformance()
        let start = StatisticsStart(at: now, milliseconds: WallClock.milliseconds(), families: families)
        self.start.withLock { $0 = start }
    }

    /// Shows the metrics that belong to no event loop.
    func registerMeters(droppedLogLines: SharedMeter?) {
        self.registry.addSource(ProcessMetrics.families)
        self.registry.addSource { [ProcessMetrics.buildInfo(version: GatewayVersion.current)] }
        self.registry.add(droppedLogLines ?? SharedMeter(), as: Metrics.logLinesDropped)
        self.reloads.register(with: self.registry)
    }

    /// With the names of the middlewares, for what holds for a route.
    func resolver(of configuration: GatewayConfiguration) -> MiddlewareResolver {
        MiddlewareResolver(configuration, middlewares: self.middlewares)
    }

    /// Why no requests should be sent here; empty where they should.
    var reasonsNotReady: [String] {
        var reasons = self.shared.isDraining ? ["draining"] : []
        reasons += self.upstreams.missing.map { "upstream \($0) has no healthy target" }
        return reasons
    }

    /// In whole seconds.
    var uptime: Int { Int((NIODeadline.now() - self.shared.startedAt).nanoseconds / 1_000_000_000) }
}
