import Logging
import NIOCore
import NIOPosix

/// The admin API on an address and a thread of its own: what is asked here takes no time from an event loop that serves
/// traffic, and does not count in its metrics.
final class AdminListener: Sendable {
    /// Connections at a time.
    private static let connections = 256
    /// How long open requests may take when the gateway ends.
    private static let drainTime = TimeAmount.seconds(1)

    private let group: MultiThreadedEventLoopGroup
    private let worker: NIOLoopBound<Worker>
    private let listener: Listener

    /// What was bound: a port of 0 has become a real one.
    var boundAddress: SocketAddress? { self.listener.boundAddress }

    /// - Throws: ``ListenError`` where the address cannot be had.
    static func start(_ address: ListenAddress, _ router: AdminRouter, log: Logger) async throws -> AdminListener {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        // No proxy is trusted here: who may ask is decided by who connects.
        let shared = SharedState(trustedProxies: [], slowRequest: nil, maxConnections: Self.connections)
        let eventLoop = group.next()
        do {
            let worker = try await eventLoop.submit {
                try NIOLoopBound(
                    Self.makeWorker(on: eventLoop, shared, address, router, log),
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
        // Clients that hold connections open must not keep a health check out.
        worker.displacesIdle = true
        let limits = ConnectionLimits(LimitsConfiguration())
        worker.listeners = [
            ListenerPlan(address, limits: limits, shared: shared, meters: worker.meters)
        ]
        let upstream = AdminUpstream(router, on: .admin)
        worker.table = RoutingTable(
            router: try Router(routes: [(RouteMatch(), Self.makePlan(.upstream(upstream), for: worker))]),
            unrouted: Self.makePlan(.refuse, for: worker),
            upstreams: [upstream]
        )
        return worker
    }

    private static func makePlan(_ action: RoutePlan.Action, for worker: Worker) -> RoutePlan {
        let meters = RouteMeters(route: Metrics.noRoute, shard: worker.meters)
        var context = BuildContext(route: Metrics.noRoute, worker: worker, meters: meters)
        let chain = Chain()
        chain.append(RequestIDMiddleware(RequestIDMiddleware.Config(), in: &context), at: 0)
        chain.append(AdminBodyMiddleware(AdminBodyMiddleware.Config(), in: &context), at: 1)
        return RoutePlan(
            name: Metrics.noRoute,
            chain: chain,
            action: action,
            forwarding: RoutePlan.Forwarding(),
            meters: meters
        )
    }

    /// Lets open requests end, and closes.
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
