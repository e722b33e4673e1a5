import GatewaySettings
import GatewayTLS
import NIOConcurrencyHelpers
package import NIOCore
package import NIOPosix

/// The event loops that serve client connections, with their workers and listeners.
package final class WorkerGroup: Sendable {
    package let workers: [NIOLoopBound<Worker>]
    private let addresses: [ListenAddress]
    private let limits: LimitsConfiguration
    private let tls: ServerTLS?
    private let shared: SharedState
    let group: MultiThreadedEventLoopGroup
    let listeners = NIOLockedValueBox<[Listener]>([])

    /// Creates a worker on each event loop. The group is shut down if that fails.
    ///
    /// - Parameters:
    ///   - group: The event loops. The worker group owns them from now on.
    ///   - serve: Sets a worker's routes. It is called on the worker's event loop.
    package init(
        _ setup: WorkerSetup,
        on group: MultiThreadedEventLoopGroup,
        serve: @escaping @Sendable (Worker) throws -> Void
    ) async throws {
        var workers: [NIOLoopBound<Worker>] = []
        do {
            for (index, eventLoop) in group.makeIterator().enumerated() {
                workers.append(try await setup.start(index: index, on: eventLoop, serve: serve))
            }
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
        self.workers = workers
        self.addresses = setup.addresses
        self.limits = setup.limits
        self.tls = setup.tls
        self.shared = setup.shared
        self.group = group
    }

    /// Binds all addresses, or none.
    ///
    /// - Parameters:
    ///   - leaving: Listeners that will close, whose addresses may overlap.
    ///   - passed: Sockets that another process opened, in the order of the addresses; nil to open one.
    ///   - whenBound: Called when all addresses are bound. Connections wait until it returns.
    /// - Throws: ``ListenError`` if an address is not available.
    package func listen(
        replacing leaving: LeavingListeners = LeavingListeners(),
        on passed: [PassedSocket?] = [],
        whenBound: () async -> Void = {}
    ) async throws {
        let change = try await self.prepareListeners(replacing: leaving, on: passed)
        await whenBound()
        await self.apply(change)
    }

    /// Binds all addresses, or none. Their connections wait until the change is applied.
    package func prepareListeners(
        replacing leaving: LeavingListeners = LeavingListeners(),
        on passed: [PassedSocket?]
    ) async throws -> ListenerChange {
        try await self.prepareListeners(
            self.addresses,
            limits: self.limits,
            tls: self.tls,
            replacing: leaving,
            on: passed
        )
    }

    /// The bound addresses, in the order of the setup.
    package var boundAddresses: [SocketAddress] { self.listeners.withLockedValue { $0.compactMap(\.boundAddress) } }

    /// - Parameter isHandedOver: Whether another process holds the sockets now and accepts their connections.
    package func closeListeners(isHandedOver: Bool = false) async {
        let listeners = self.listeners.withLockedValue { listeners in
            defer { listeners = [] }
            return listeners
        }
        for listener in listeners { await listener.close(isHandedOver: isHandedOver) }
    }

    /// Lets all workers end keep-alive, or allow it again, as the shared state says.
    package func followDrain() {
        for worker in self.workers { worker.eventLoop.execute { worker.value.followDrain() } }
    }

    /// Closes each connection after its response, and idle ones if no request follows.
    package func endKeepAlive() {
        for worker in self.workers { worker.eventLoop.execute { _ = worker.value.drain() } }
    }

    /// How long before the end of a drain WebSockets are closed that another process does not take over.
    private static let webSocketGrace = TimeAmount.seconds(5)

    /// Refuses new connections and finishes the requests in progress, for up to `timeout`.
    ///
    /// - Parameter isHandedOver: Whether another process serves new clients, so that open WebSockets may stay for most
    ///   of the time.
    /// - Returns: The number of connections that had to be cut off.
    package func drain(within timeout: TimeAmount, isHandedOver: Bool = false) async -> Int {
        await self.closeListeners()
        let stay = isHandedOver ? max(timeout - Self.webSocketGrace, .nanoseconds(timeout.nanoseconds / 2)) : .zero
        let drained = self.workers.map { worker in
            worker.eventLoop.flatSubmit { worker.value.drain() }
        }
        let eventLoop = self.group.next()
        let all = EventLoopFuture.andAllSucceed(drained, on: eventLoop)
        let closing = eventLoop.scheduleTask(in: stay) { [workers] in
            for worker in workers { worker.eventLoop.execute { worker.value.closeWebSockets() } }
        }
        let timer = eventLoop.scheduleTask(in: timeout) { [workers] in
            for worker in workers { worker.eventLoop.execute { worker.value.endDrain() } }
        }
        try? await all.get()
        timer.cancel()
        closing.cancel()
        var cut = 0
        for worker in self.workers {
            cut += (try? await worker.eventLoop.submit { worker.value.cutAll() }.get()) ?? 0
        }
        return cut
    }

    /// Stops the workers. Their event loops keep running until ``shutDown()``.
    package func stop() async {
        await self.closeListeners()
        for worker in self.workers {
            try? await worker.eventLoop.submit { worker.value.stop() }.get()
        }
    }

    /// Shuts down the event loops.
    package func shutDown() async { try? await self.group.shutdownGracefully() }
}
