package import GatewayCore
package import GatewaySettings
package import Logging
package import NIOCore
import NIOPosix

/// The admin API on a separate address and thread: its requests take no time from the event loops that serve traffic, and
/// do not count in their metrics.
package final class AdminListener: Sendable {
    /// Maximum number of concurrent connections, besides those of streams.
    private static let connections = 256
    /// How long open requests may take when the gateway stops.
    private static let drainTime = TimeAmount.seconds(1)

    private let workers: WorkerGroup

    /// The bound address. A configured port of 0 is replaced by the actual port.
    package var boundAddress: SocketAddress? { self.workers.boundAddresses.first }

    /// The listener, for another one that takes its place.
    package var leaving: LeavingListeners { self.workers.leavingListeners }

    /// Creates a middleware of the admin listener's chain.
    package typealias MakeMiddleware = @Sendable (inout BuildContext) -> any Middleware

    private init(_ workers: WorkerGroup) { self.workers = workers }

    /// - Parameters:
    ///   - middlewares: What precedes the endpoints in the chain.
    ///   - leaving: Listeners that will close, whose addresses may overlap.
    ///   - passed: The socket to use, which another process opened. Nil to open one.
    ///   - whenBound: Called when the address is bound. Connections wait until it returns.
    /// - Throws: `ListenError` if the address cannot be bound.
    package static func start(
        _ address: ListenAddress,
        _ router: AdminRouter,
        middlewares: [MakeMiddleware],
        replacing leaving: LeavingListeners = LeavingListeners(),
        on passed: PassedSocket? = nil,
        log: Logger,
        whenBound: () async -> Void = {}
    ) async throws -> AdminListener {
        // No proxy is trusted here: access is decided by the peer of the connection.
        var setup = WorkerSetup(log: log)
        setup.settings.maxConnections = Self.connections(router.status.configuration)
        // Clients that hold connections open must not keep health checks out.
        setup.settings.displacesIdle = true
        setup.addresses = [address]
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let workers = try await WorkerGroup(setup, on: group) { worker in
            let upstream = AdminUpstream(router, on: .admin)
            let plan = Self.makePlan(.upstream(upstream), middlewares, router, for: worker)
            let sockets = Self.makePlan(.upstream(upstream), middlewares, router, for: worker, acceptsWebSockets: true)
            let socketRoutes = AdminEndpoints.webSocketPaths.map { (RouteMatch(path: $0), sockets) }
            worker.table = RoutingTable(
                router: try Router(routes: socketRoutes + [(RouteMatch(), plan)]),
                unrouted: Self.makePlan(.refuse, middlewares, router, for: worker),
                upstreams: [upstream]
            )
        }
        do {
            try await workers.listen(replacing: leaving, on: [passed], whenBound: whenBound)
        } catch {
            await workers.shutDown()
            throw error
        }
        return AdminListener(workers)
    }

    private static func makePlan(
        _ action: RoutePlan.Action,
        _ middlewares: [MakeMiddleware],
        _ router: AdminRouter,
        for worker: Worker,
        acceptsWebSockets: Bool = false
    ) -> RoutePlan {
        let meters = RouteMeters(route: MetricLabel.noRoute, shard: worker.meters)
        var context = BuildContext(route: MetricLabel.noRoute, worker: worker, meters: meters)
        let chain = Chain()
        for (index, make) in middlewares.enumerated() { chain.append(make(&context), at: index) }
        chain.append(AdminBodyMiddleware(router), at: middlewares.count)
        var forwarding = RoutePlan.Forwarding()
        forwarding.acceptsWebSockets = acceptsWebSockets
        return RoutePlan(
            name: MetricLabel.noRoute,
            chain: chain,
            action: action,
            forwarding: forwarding,
            meters: meters
        )
    }

    /// Applies a configuration after a reload.
    package func apply(_ configuration: GatewayConfiguration) {
        let connections = Self.connections(configuration)
        for worker in self.workers.workers {
            worker.eventLoop.execute { worker.value.settings.maxConnections = connections }
        }
    }

    /// Streams have places of their own, so that they cannot keep health checks out.
    private static func connections(_ configuration: GatewayConfiguration) -> Int {
        self.connections + configuration.events.maxClients
    }

    /// The listening socket, for a process that takes it over.
    package func listeningSockets() async -> [(origin: PassedSocket.Origin, descriptor: CInt)] {
        await self.workers.listeningSockets()
    }

    /// Leaves the listening socket to the process that accepts its connections now. Open connections close after
    /// their next response, so that their clients ask the other process too.
    package func handOver() async {
        await self.workers.closeListeners(isHandedOver: true)
        self.workers.endKeepAlive()
    }

    /// Waits for open requests, and closes.
    package func stop() async {
        _ = await self.workers.drain(within: Self.drainTime)
        await self.workers.stop()
        await self.workers.shutDown()
    }
}
