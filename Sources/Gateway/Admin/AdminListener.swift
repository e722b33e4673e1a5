import GatewaySettings
import Logging
import NIOCore
import NIOPosix

/// The admin API on a separate address and thread: its requests take no time from the event loops that serve traffic, and
/// do not count in their metrics.
final class AdminListener: Sendable {
    /// Maximum number of concurrent connections.
    private static let connections = 256
    /// How long open requests may take when the gateway stops.
    private static let drainTime = TimeAmount.seconds(1)

    private let group: MultiThreadedEventLoopGroup
    private let worker: NIOLoopBound<Worker>
    private let listener: Listener

    /// The bound address. A configured port of 0 is replaced by the actual port.
    var boundAddress: SocketAddress? { self.listener.boundAddress }

    /// Creates a middleware of the admin listener's chain.
    typealias MakeMiddleware = @Sendable (inout BuildContext) -> any Middleware

    /// - Parameter middlewares: what precedes the endpoints in the chain.
    /// - Throws: ``ListenError`` if the address cannot be bound.
    static func start(
        _ address: ListenAddress,
        _ router: AdminRouter,
        middlewares: [MakeMiddleware],
        log: Logger
    ) async throws -> AdminListener {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        // No proxy is trusted here: access is decided by the peer of the connection.
        let shared = SharedState(trustedProxies: [], slowRequest: nil, maxConnections: Self.connections)
        let eventLoop = group.next()
        do {
            let worker = try await eventLoop.submit {
                try NIOLoopBound(
                    Self.makeWorker(on: eventLoop, shared, address, router, middlewares, log),
                    eventLoop: eventLoop
                )
            }.get()
            let listener = try await Listener.bind(address, index: 0, workers: [worker], group: group)
            return AdminListener(group, worker, listener)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    private init(_ group: MultiThreadedEventLoopGroup, _ worker: NIOLoopBound<Worker>, _ listener: Listener) {
        self.group = group
        self.worker = worker
        self.listener = listener
    }

    private static func makeWorker(
        on eventLoop: any EventLoop,
        _ shared: SharedState,
        _ address: ListenAddress,
        _ router: AdminRouter,
        _ middlewares: [MakeMiddleware],
        _ log: Logger
    ) throws -> Worker {
        let worker = Worker(
            index: 0,
            eventLoop: eventLoop,
            shared: shared,
            meters: MeterRegistry().makeShard(on: eventLoop),
            accessLog: nil,
            accessLogFormat: AccessLogFormat(.json),
            log: log
        )
        // Clients that hold connections open must not keep health checks out.
        worker.displacesIdle = true
        let limits = ConnectionLimits(LimitsConfiguration())
        worker.listeners = [
            ListenerPlan(address, limits: limits, shared: shared, meters: worker.meters)
        ]
        let upstream = AdminUpstream(router, on: .admin)
        worker.table = RoutingTable(
            router: try Router(routes: [(RouteMatch(), Self.makePlan(.upstream(upstream), middlewares, for: worker))]),
            unrouted: Self.makePlan(.refuse, middlewares, for: worker),
            upstreams: [upstream]
        )
        return worker
    }

    private static func makePlan(
        _ action: RoutePlan.Action,
        _ middlewares: [MakeMiddleware],
        for worker: Worker
    ) -> RoutePlan {
        let meters = RouteMeters(route: MetricLabel.noRoute, shard: worker.meters)
        var context = BuildContext(route: MetricLabel.noRoute, worker: worker, meters: meters)
        let chain = Chain()
        for (index, make) in middlewares.enumerated() { chain.append(make(&context), at: index) }
        chain.append(AdminBodyMiddleware(AdminBodyMiddleware.Config(), in: &context), at: middlewares.count)
        return RoutePlan(
            name: MetricLabel.noRoute,
            chain: chain,
            action: action,
            forwarding: RoutePlan.Forwarding(),
            meters: meters
        )
    }

    /// Waits for open requests, and closes.
    func stop() async {
        await self.listener.close()
        let (worker, eventLoop) = (self.worker, self.worker.eventLoop)
        let timer = eventLoop.scheduleTask(in: Self.drainTime) { worker.value.endDrain() }
        try? await eventLoop.flatSubmit { worker.value.drain() }.get()
        timer.cancel()
        try? await eventLoop.submit {
            _ = worker.value.cutAll()
            worker.value.stop()
        }.get()
        try? await self.group.shutdownGracefully()
    }
}
