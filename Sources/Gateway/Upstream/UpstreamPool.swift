import GatewayHTTP1
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The connections of one event loop to one target. Which connection serves whom is decided by ``PoolStateMachine``;
/// here they are opened, handed over and closed.
final class UpstreamPool {
    typealias Machine = PoolStateMachine<UpstreamHandler, Exchange>

    let worker: Worker
    let target: UpstreamTarget
    let forwarder: Forwarder
    /// A connection to a host name is not used longer than this, so that the name is looked up again.
    private static let resolutionLifetime = TimeAmount.seconds(30)

    private let settings: Settings
    private let meters: TargetMeters
    private var machine: Machine
    private let slot: DeadlineWheel.Slot
    private let isNamed: Bool
    private var armedUntil = NIODeadline.distantFuture
    /// As the last request had it, for connections that are made for whoever waits longest.
    private var connectTimeout = TimeAmount.seconds(2)
    /// Told when a request has done with this target; let go when the pool stops.
    private var cluster: UpstreamCluster?
    private var index = 0

    struct Settings {
        let limits: HTTP1Limits
        let queue: TimeAmount
        let idleTimeout: TimeAmount
    }

    init(worker: Worker, target: UpstreamTarget, forwarder: Forwarder, settings: Settings) {
        self.worker = worker
        self.target = target
        self.forwarder = forwarder
        self.settings = settings
        self.meters = TargetMeters(target: target, shard: worker.meters)
        if case .http(let host, _) = target.url { self.isNamed = IPAddress(host) == nil } else { self.isNamed = false }
        self.slot = worker.deadlines.makeSlot()
        let poke = Poke()
        self.machine = Machine(
            configuration: Machine.Configuration(queue: settings.queue, idle: settings.idleTimeout),
            permits: target.permits.join { [eventLoop = worker.eventLoop] in poke.run(on: eventLoop) }
        )
        poke.aim(at: NIOLoopBound(self, eventLoop: worker.eventLoop))
        worker.deadlines.own(self.slot, self)
        let meters = self.meters
        meters.sample { [unowned self] in
            meters.idle.set(Double(self.machine.idle.count))
            meters.active.set(Double(self.machine.leased))
        }
    }

    func belongs(to cluster: UpstreamCluster, at index: Int) {
        self.cluster = cluster
        self.index = index
    }

    // MARK: Requests

    func take(_ exchange: Exchange) {
        exchange.pool = self
        self.acquire(for: exchange)
    }

    private func acquire(for exchange: Exchange) {
        let now = self.worker.now
        exchange.queuedAt = now
        self.connectTimeout = exchange.deadlines.connect
        switch self.machine.acquire(now: now, connectTimeout: exchange.deadlines.connect, waiter: { exchange }) {
        case .reuse(let lease): self.hand(lease, to: exchange)
        case .connect(let id, let waiter):
            exchange.waiter = waiter
            exchange.wait(for: .connect, exchange.deadlines.connect)
            self.connect(id, timeout: exchange.deadlines.connect)
        case .wait(let waiter):
            exchange.waiter = waiter
            exchange.wait(for: .queue, self.settings.queue)
        case .refuse:
            exchange.fail(
                GatewayError(.overloaded, retryAfter: 1, reason: "max_pending requests wait already"),
                from: nil
            )
        }
    }

    private func hand(_ lease: Machine.Lease, to exchange: Exchange) {
        exchange.waiter = nil
        // Another kept connection may be as dead, and a failed retry is not retried (RFC 9110 section 9.2.2).
        if exchange.needsFreshConnection, !lease.isFresh {
            lease.connection.close()
            return self.acquire(for: exchange)
        }
        if let queuedAt = exchange.queuedAt {
            self.meters.queue.observe(nanoseconds: UInt64(max(0, (self.worker.now - queuedAt).nanoseconds)))
        }
        lease.connection.start(exchange, lease: lease.id, isReused: !lease.isFresh)
    }

    /// The connection was closed before the upstream can have done anything: the request goes out once more.
    func sendAgain(_ exchange: Exchange) {
        exchange.upstream = nil
        exchange.needsFreshConnection = true
        // What came of it now would go to nobody; with the next connection it goes on.
        exchange.client?.pauseRequestBody()
        self.meters.retried("stale")
        self.acquire(for: exchange)
    }

    /// The exchange needs this target no longer, or waits for it no longer.
    func finished(_ exchange: Exchange) {
        self.stopWaiting(exchange)
        self.cluster?.finished(self.index)
    }

    func stopWaiting(_ exchange: Exchange) {
        guard let waiter = exchange.waiter else { return }
        exchange.waiter = nil
        _ = self.machine.cancel(waiter)
    }

    func answered(_ exchange: Exchange) {
        guard let sentAt = exchange.sentUpstreamAt else { return }
        self.meters.answered(status: exchange.response.status, after: self.worker.now - sentAt)
    }

    // MARK: Connections

    private func connect(_ id: Machine.ConnectionID, timeout: TimeAmount) {
        let limits = self.settings.limits
        let pool = NIOLoopBound(self, eventLoop: self.worker.eventLoop)
        let bootstrap = ClientBootstrap(group: self.worker.eventLoop)
            .connectTimeout(timeout)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.maxMessagesPerRead, value: UpstreamHandler.readsPerPass)
            .channelOption(.writeBufferWaterMark, value: .init(low: 32 * 1024, high: 64 * 1024))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = UpstreamHandler(pool: pool.value, limits: limits)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
        let connecting: EventLoopFuture<any Channel>
        switch self.target.url {
        case .http(let host, let port):
            let tcp = bootstrap.channelOption(.tcpOption(.tcp_nodelay), value: 1)
            if let address = try? SocketAddress(ipAddress: host, port: port) {
                connecting = tcp.connect(to: address)
            } else {
                // Looked up anew for each connection, so that a name may move.
                connecting = tcp.connect(host: host, port: port)
            }
        case .unix(let path): connecting = bootstrap.connect(unixDomainSocketPath: path)
        }
        connecting.assumeIsolated().whenComplete { self.connected(id, $0) }
    }

    private func connected(_ id: Machine.ConnectionID, _ result: Result<any Channel, any Error>) {
        self.worker.tick()
        switch result {
        case .success(let channel):
            guard let handler = try? channel.pipeline.syncOperations.handler(type: UpstreamHandler.self) else {
                return self.failed(id, ChannelError.inputClosed)
            }
            self.target.health.connected()
            self.meters.connected(.ok)
            handler.lease = id
            switch self.machine.connected(id, handler, now: self.worker.now) {
            case .handTo(let exchange, let lease): self.hand(lease, to: exchange)
            case .park: self.arm()
            case .close: handler.close()
            }
        case .failure(let error): self.failed(id, error)
        }
    }

    private func failed(_ id: Machine.ConnectionID, _ error: any Error) {
        let failure = ConnectFailure(error)
        self.target.health.failed()
        self.meters.connected(failure.result)
        let outcome = self.machine.connectFailed(id)
        if let exchange = outcome.failed {
            exchange.waiter = nil
            if failure.result == .timeout { exchange.plan.meters.countTimeout(.connect) }
            exchange.upstreamFailed(failure.error)
        }
        if let next = outcome.connect { self.connect(next, timeout: self.connectTimeout) }
    }

    /// The connection's answer is whole and it may serve another request.
    func release(_ handler: UpstreamHandler) {
        guard let lease = handler.lease else { return }
        let now = self.worker.now
        let reusable = !self.isNamed || now - handler.openedAt < Self.resolutionLifetime
        switch self.machine.released(lease, reusable: reusable, keepAlive: handler.keepAlive, now: now) {
        case .handTo(let exchange, let lease): self.hand(lease, to: exchange)
        case .park: self.arm(keepAlive: handler.keepAlive)
        case .close: handler.close()
        }
    }

    /// The connection is closed or about to be.
    func closed(_ handler: UpstreamHandler) {
        guard let lease = handler.lease else { return }
        handler.lease = nil
        switch self.machine.closed(lease) {
        case .none: break
        case .connect(let id): self.connect(id, timeout: self.connectTimeout)
        }
    }

    fileprivate func poked() {
        let todo = self.machine.poked()
        for id in todo.connect { self.connect(id, timeout: self.connectTimeout) }
        for (_, handler) in todo.close { handler.close() }
    }

    /// Closes what is idle; connections in use end with their exchanges.
    func stop() {
        self.meters.stop()
        for (_, handler) in self.machine.drain() { handler.close() }
        self.cluster = nil
    }

    /// Looks at what is idle in time, be it that who waits for a connection may wait for longer.
    private func arm(keepAlive: TimeAmount? = nil) {
        let until = self.worker.now + min(self.settings.idleTimeout, keepAlive ?? self.settings.idleTimeout)
        guard until < self.armedUntil else { return }
        self.armedUntil = until
        self.worker.deadlines.set(self.slot, to: until)
    }
}

extension UpstreamPool: DeadlineOwner {
    func deadlineReached(now: NIODeadline) {
        self.worker.tick()
        let expired = self.machine.expire(now: now)
        for (_, handler) in expired.close { handler.close() }
        for exchange in expired.timedOut {
            exchange.waiter = nil
            exchange.fail(GatewayError(.overloaded, retryAfter: 1), from: nil)
        }
        self.armedUntil = self.machine.nextExpiry ?? .distantFuture
        self.worker.deadlines.set(self.slot, to: self.armedUntil)
    }
}

/// Why a target could not be reached, for the client, the log and the meters.
private struct ConnectFailure {
    let error: GatewayError
    let result: TargetMeters.ConnectResult

    init(_ cause: any Error) {
        var code = GatewayError.Code.upstreamUnreachable
        var proxyStatus: StaticString?
        switch cause {
        case ChannelError.connectTimeout:
            code = .connectTimeout
            self.result = .timeout
        case let system as IOError where system.errnoCode == ECONNREFUSED:
            proxyStatus = "connection_refused"
            self.result = .refused
        case let connection as NIOConnectionError:
            self.result = connection.connectionErrors.isEmpty ? .error : .refused
            proxyStatus = connection.connectionErrors.isEmpty ? "dns_error" : "connection_refused"
        default: self.result = .error
        }
        var error = GatewayError(code, reason: "\(cause)")
        error.proxyStatus = proxyStatus
        self.error = error
    }
}

/// Lets other threads wake a pool that is still being made when it joins them.
private final class Poke: Sendable {
    private let pool = NIOLockedValueBox<NIOLoopBound<UpstreamPool>?>(nil)

    func aim(at pool: NIOLoopBound<UpstreamPool>) { self.pool.withLockedValue { $0 = pool } }

    func run(on eventLoop: any EventLoop) {
        eventLoop.execute { self.pool.withLockedValue { $0 }?.value.poked() }
    }
}

@available(*, unavailable)
extension UpstreamPool: Sendable {}
