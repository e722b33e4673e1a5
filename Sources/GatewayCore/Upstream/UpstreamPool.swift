import GatewaySettings
import GatewayTLS
import NIOConcurrencyHelpers
import NIOCore

/// The connections of one event loop to one endpoint. `PoolStateMachine` decides which connection serves which
/// request; the pool opens, assigns and closes connections.
final class UpstreamPool {
    typealias Machine = PoolStateMachine<PooledConnection, UpstreamCall>

    let worker: Worker
    let target: UpstreamTarget
    let endpoint: UpstreamEndpoint
    let meters: TargetMeters
    /// The pool's index in the cluster.
    let index: Int
    /// The client that the connections announce in a PROXY header. Nil for calls without a client.
    let client: AnnouncedClient?
    /// The endpoint's pool, if this one is for a client.
    let origin: UpstreamPool?
    /// The pools for the clients that connections announce.
    var clientPools: [ObjectIdentifier: UpstreamPool] = [:]
    /// The one among these pools that is for upgrades.
    var upgradePool: UpstreamPool?
    /// The number of calls that the pool serves.
    private var calls = 0

    private(set) var settings: Settings
    /// Nil if the target is not an https target.
    private(set) var security: TargetSecurity?
    private var machine: Machine
    /// The connections that serve several calls at a time, while they serve any and accept more.
    private var multiplexed: [HTTP2UpstreamConnection] = []
    private let slot: DeadlineWheel.Slot
    private var armedUntil = NIODeadline.distantFuture
    /// The connect timeout of the last request, used for connections opened for the longest waiting request or in the
    /// background.
    private(set) var connectTimeout = TimeAmount.seconds(2)
    /// When a response last began, as evidence that the endpoint is alive.
    private var answeredAt = NIODeadline.distantPast
    /// Nil once the pool has drained.
    private(set) var cluster: UpstreamCluster?
    private(set) var isDraining = false
    var probe: Scheduled<Void>?

    struct Settings {
        let connector: any UpstreamConnector
        let queue: TimeAmount
        let idleTimeout: TimeAmount
        /// Nil if the upstream has no circuit breaker.
        var circuit: CircuitSettings?
        /// TLS towards the https targets. Nil if there are none.
        var security: UpstreamSecurity?
        /// The version of the PROXY header that connections begin with.
        var proxyProtocol = ProxyProtocolVersion.off
        /// Whether the pool serves copies of requests.
        var isForCopies = false
        /// Whether the pool serves requests that ask for another protocol, and therefore does not use HTTP/2.
        var isForUpgrades = false

        fileprivate var machine: Machine.Configuration {
            Machine.Configuration(queue: self.queue, idle: self.idleTimeout)
        }
    }

    init(
        to endpoint: UpstreamEndpoint,
        of target: UpstreamTarget,
        at index: Int,
        in cluster: UpstreamCluster,
        meters: TargetMeters,
        settings: Settings,
        client: AnnouncedClient? = nil,
        origin: UpstreamPool? = nil
    ) {
        let worker = cluster.worker
        self.client = client
        self.origin = origin
        self.worker = worker
        self.target = target
        self.endpoint = endpoint
        self.meters = meters
        self.index = index
        self.cluster = cluster
        self.settings = settings
        self.security = settings.security?.security(of: target.url, isForUpgrades: settings.isForUpgrades)
        self.slot = worker.deadlines.makeSlot()
        let poke = Poke()
        self.machine = Machine(
            configuration: settings.machine,
            permits: (settings.isForCopies ? target.copyPermits : target.permits).join {
                [eventLoop = worker.eventLoop] in poke.run(on: eventLoop)
            }
        )
        self.machine.streams = settings.isForUpgrades ? 1 : settings.connector.expectedStreams(to: target.url)
        poke.aim(at: NIOLoopBound(self, eventLoop: worker.eventLoop))
        worker.deadlines.own(self.slot, self)
        endpoint.addPool()
    }

    /// Applies new settings to connections opened and requests queued from now on.
    func update(_ settings: Settings) {
        self.updateClientPools(settings)
        let isSecurityChanged = settings.security !== self.settings.security
        let isHeaderChanged = settings.proxyProtocol != self.settings.proxyProtocol
        let expected = settings.connector.expectedStreams(to: self.target.url)
        let expectedBefore = self.connector.expectedStreams(to: self.target.url)
        self.settings = settings
        self.security = settings.security?.security(of: self.target.url, isForUpgrades: settings.isForUpgrades)
        self.machine.configuration = settings.machine
        if expected != expectedBefore { self.machine.streams = settings.isForUpgrades ? 1 : expected }
        // The new settings might refuse the servers of open connections, or their protocol.
        guard isSecurityChanged && self.target.isSecure || isHeaderChanged || expected != expectedBefore else { return }
        let retired = self.machine.retire()
        for connection in retired.leased { connection.retire() }
        for (_, connection) in retired.close { connection.close() }
    }

    var connector: any UpstreamConnector { self.settings.connector }
    var circuit: CircuitSettings? { self.settings.circuit }
    var idleConnections: Int { self.machine.idle.count + self.clientPools.values.reduce(0) { $0 + $1.idleConnections } }
    var activeConnections: Int { self.machine.leased + self.clientPools.values.reduce(0) { $0 + $1.activeConnections } }

    // MARK: Requests

    func take(_ call: UpstreamCall) {
        if self.settings.proxyProtocol != .off, self.takeForClient(call) { return }
        if call.isUpgrade, self.takeForUpgrade(call) { return }
        self.calls += 1
        call.pool = self
        self.acquire(for: call)
    }

    private func acquire(for call: UpstreamCall) {
        let now = self.worker.now
        if call.lastTry.queuedAt == nil { call.lastTry.queuedAt = now }
        self.connectTimeout = call.connectTimeout
        if !self.multiplexed.isEmpty, let connection = self.multiplexed.first(where: { $0.accepts(call) }) {
            return self.start(call, on: .http2(connection), isReused: true)
        }
        switch self.machine.acquire(now: now, connectTimeout: call.connectTimeout, waiter: { call }) {
        case .reuse(let lease): self.hand(lease, to: call)
        case .connect(let id, let waiter):
            call.waiter = waiter
            call.lastTry.connectingAt = now
            call.caller?.wait(for: .connect, call.connectTimeout)
            self.connect(id, timeout: call.connectTimeout)
        case .join(let waiter):
            call.waiter = waiter
            call.lastTry.connectingAt = now
            call.caller?.wait(for: .connect, call.connectTimeout)
        case .wait(let waiter):
            call.waiter = waiter
            call.lastTry.hasQueued = true
            call.caller?.wait(for: .queue, self.settings.queue)
        case .refuse:
            call.fail(GatewayError(.overloaded, retryAfter: 1, reason: "max_pending requests wait already"))
        }
    }

    private func hand(_ lease: Machine.Lease, to call: UpstreamCall) {
        call.waiter = nil
        // Another idle connection may be dead too, and a failed automatic retry must not be retried (RFC 9110 section
        // 9.2.2). A connection that refuses its only stream is of no use.
        if call.needsFreshConnection && !lease.isFresh || lease.id == call.avoided {
            lease.connection.close()
            return self.acquire(for: call)
        }
        // Another request's connection became free before the new one was open.
        if !lease.isFresh, call.lastTry.connectingAt != nil { call.lastTry.queuedInstead() }
        guard case .http2(let connection) = lease.connection else {
            return self.start(call, on: lease.connection, isReused: !lease.isFresh)
        }
        self.multiplexed.append(connection)
        self.start(call, on: lease.connection, isReused: !lease.isFresh)
        self.serveWaiting(on: connection)
    }

    private func start(_ call: UpstreamCall, on connection: PooledConnection, isReused: Bool) {
        call.waiter = nil
        if let queuedAt = call.lastTry.queuedAt {
            self.meters.queue.observe(nanoseconds: UInt64(max(0, (self.worker.now - queuedAt).nanoseconds)))
        }
        switch connection {
        case .http1(let handler): handler.start(call, isReused: isReused)
        case .http2(let connection):
            call.lastTry.isHTTP2 = true
            connection.start(call, isReused: isReused)
        }
    }

    /// Sends the request once more. Its connection closed before the upstream can have acted on the request.
    func sendAgain(_ call: UpstreamCall) {
        call.needsFreshConnection = true
        self.resend(call)
    }

    private func resend(_ call: UpstreamCall) {
        call.resends += 1
        call.caller?.willSendAgain()
        self.meters.retried("stale")
        call.failedTry(.stale, at: self.worker.now)
        call.nextTry()
        self.acquire(for: call)
    }

    /// Sends the request once more, on another connection: the peer has done nothing with it.
    func sendElsewhere(_ call: UpstreamCall, than connection: HTTP2UpstreamConnection) {
        call.avoided = connection.lease
        self.resend(call)
    }

    /// Handles a connection that ended before the response head.
    ///
    /// - Parameters:
    ///   - isFresh: Whether the connection was opened for this request. A reused one may have closed because it was
    ///     idle.
    ///   - mayMove: Whether nothing was sent, or the request may be sent twice and is still complete.
    func wasReset(_ call: UpstreamCall, _ error: GatewayError, isFresh: Bool, mayMove: Bool) {
        call.hasFailedHere = true
        self.judge(call, .reset)
        // If the endpoint answered other requests in the meantime, only this request failed.
        if isFresh, let sentAt = call.sentAt, (self.origin ?? self).answeredAt <= sentAt {
            self.endpointFailed(.reset, begun: sentAt)
        }
        if mayMove, let cluster = self.cluster, cluster.moveOn(call, from: self, after: error.failure) { return }
        call.fail(error)
    }

    /// Handles a connection that the server refused after the TLS handshake.
    ///
    /// - Parameter call: The request that was sent, but not read. Nil if the connection was idle.
    func wasRefused(_ call: UpstreamCall?, _ cause: TLSFailure) {
        let failure = ConnectFailure(cause)
        self.meters.connected(failure.result)
        self.endpointFailed(.tls, begun: self.worker.now, detail: cause.description)
        guard let call else { return }
        call.hasFailedHere = true
        self.judge(call, .tls)
        if call.replay.isWhole, let cluster = self.cluster, cluster.moveOn(call, from: self, after: .tls) { return }
        call.fail(failure.error)
    }

    /// Records that the call left this endpoint.
    func finished(_ call: UpstreamCall) {
        self.stopWaiting(call)
        self.calls -= 1
        self.cluster?.finished(call, at: self.index)
        self.retireIfDone()
    }

    func stopWaiting(_ call: UpstreamCall) {
        guard let waiter = call.waiter else { return }
        call.waiter = nil
        _ = self.machine.cancel(waiter)
    }

    /// Records that the head of a final response arrived.
    func answerBegan(_ call: UpstreamCall, status: Int) {
        (self.origin ?? self).answeredAt = self.worker.now
        call.lastTry.answered(status: status, at: self.worker.now)
        if self.security != nil { self.endpointConnected() }
        self.endpoint.answered()
        self.judge(call, status: status)
        if status >= 500 { call.hasFailedHere = true }
    }

    func answered(_ call: UpstreamCall, status: Int) {
        call.lastTry.end(at: self.worker.now)
        guard let sentAt = call.sentAt else { return }
        self.meters.answered(status: status, after: self.worker.now - sentAt)
    }

    // MARK: Connections

    private func connect(_ id: Machine.ConnectionID, timeout: TimeAmount) {
        let begun = self.worker.now
        self.connector.connect(for: self, timeout: timeout) { self.connected(id, $0, begun: begun) }
    }

    private func connected(
        _ id: Machine.ConnectionID,
        _ result: Result<PooledConnection, any Error>,
        begun: NIODeadline
    ) {
        self.worker.tick()
        switch result {
        case .success(let connection):
            self.meters.connected(.ok)
            // A TLS server that was out may still refuse the connection. The first response shows that it is back.
            if self.security == nil || self.endpoint.isInRotation { self.endpointConnected() }
            connection.lease = id
            // With fewer streams than expected, the calls that have joined this connection need others.
            self.machine.streams = max(1, connection.limit)
            switch self.machine.connected(id, connection, now: self.worker.now) {
            case .handTo(let call, let lease): self.hand(lease, to: call)
            case .park: self.arm()
            case .close: connection.close()
            }
        case .failure(let error): self.failed(id, error, begun: begun)
        }
    }

    private func failed(_ id: Machine.ConnectionID, _ error: any Error, begun: NIODeadline) {
        let failure = ConnectFailure(error)
        self.meters.connected(failure.result)
        if let reason = failure.failure { self.endpointFailed(reason, begun: begun, detail: failure.detail) }
        let outcome = self.machine.connectFailed(id)
        let failed = outcome.failed.map { ($0, $0.number) }
        for (call, _) in failed { call.waiter = nil }
        // One that fails may end another.
        for (call, number) in failed where call.number == number { self.connectFailed(call, failure.error) }
        if let next = outcome.connect { self.connect(next, timeout: self.connectTimeout) }
        self.retireIfDone()
    }

    /// Handles a failed connection for this call: the call goes to another endpoint, or fails.
    func connectFailed(_ call: UpstreamCall, _ error: GatewayError) {
        call.attempts += 1
        call.hasFailedHere = true
        self.judge(call, error.failure)
        if error.code == .connectTimeout { call.caller?.countConnectTimeout() }
        if call.replay.isWhole, let cluster = self.cluster,
            cluster.moveOn(call, from: self, after: error.failure)
        {
            return
        }
        call.fail(error)
    }

    /// Returns a connection whose response is complete and that may serve another request.
    func release(_ handler: UpstreamHandler) {
        guard let lease = handler.lease else { return }
        let now = self.worker.now
        switch self.machine.released(lease, reusable: true, keepAlive: handler.keepAlive, now: now) {
        case .handTo(let call, let lease): self.hand(lease, to: call)
        case .park: self.arm(keepAlive: handler.keepAlive)
        case .close: handler.close()
        }
    }

    /// Records that the connection is closed or about to close.
    func closed(_ handler: UpstreamHandler) {
        guard let lease = handler.lease else { return }
        handler.lease = nil
        self.closed(lease)
    }

    private func closed(_ lease: Machine.ConnectionID) {
        switch self.machine.closed(lease) {
        case .none: break
        case .connect(let id): self.connect(id, timeout: self.connectTimeout)
        }
        self.retireIfDone()
    }

    fileprivate func poked() {
        // Once the pool has left, its account with the permits may belong to another pool.
        guard self.cluster != nil else { return }
        let todo = self.machine.poked()
        for id in todo.connect { self.connect(id, timeout: self.connectTimeout) }
        for (_, connection) in todo.close { connection.close() }
    }

    // MARK: Connections that serve several calls at a time

    /// Gives a connection the calls that wait, as many as it accepts.
    private func serveWaiting(on connection: HTTP2UpstreamConnection) {
        while connection.lease != nil, let call = self.machine.nextWaiter(where: connection.accepts) {
            self.start(call, on: .http2(connection), isReused: true)
        }
        self.machine.updateNeed()
    }

    /// Returns the place of a stream that has ended, or the connection if it was the last one.
    func streamEnded(on connection: HTTP2UpstreamConnection) {
        guard let lease = connection.lease else { return }
        guard connection.isIdle else {
            guard connection.hasRoom else { return }
            switch self.machine.streamEnded(lease, where: connection.accepts) {
            case .keep: break
            case .handTo(let call): self.start(call, on: .http2(connection), isReused: true)
            case .drain:
                self.draining(connection)
                connection.drain()
            }
            return
        }
        self.draining(connection)
        switch self.machine.released(lease, reusable: connection.isReusable, now: self.worker.now) {
        case .handTo(let call, let lease): self.hand(lease, to: call)
        case .park: self.arm()
        case .close: connection.close()
        }
    }

    /// Records that the peer allows another number of streams.
    func limitChanged(on connection: HTTP2UpstreamConnection) {
        self.machine.streams = max(1, connection.limit)
        if self.multiplexed.contains(where: { $0 === connection }) { self.serveWaiting(on: connection) }
    }

    /// Gives no more calls to the connection.
    func draining(_ connection: HTTP2UpstreamConnection) { self.multiplexed.removeAll { $0 === connection } }

    /// Records that the connection is closed or about to close.
    func closed(_ connection: HTTP2UpstreamConnection) {
        self.draining(connection)
        guard let lease = connection.lease else { return }
        connection.lease = nil
        self.closed(lease)
    }

    // MARK: The end

    /// Closes idle connections at once, and busy ones when their calls end. Then the pool returns its permits, leaves
    /// the deadline wheel and leaves its cluster.
    func drain() {
        guard !self.isDraining else { return }
        self.isDraining = true
        self.probe?.cancel()
        for pool in Array(self.clientPools.values) { pool.drain() }
        for (_, connection) in self.machine.drain() { connection.close() }
        self.retireIfDone()
    }

    func retireIfDone() {
        guard self.isDraining, let cluster = self.cluster, self.machine.isEmpty, self.calls == 0,
            self.clientPools.isEmpty
        else { return }
        self.cluster = nil
        self.worker.deadlines.free(self.slot)
        self.machine.permits.leave()
        self.endpoint.removePool()
        if let origin = self.origin { origin.retired(self) } else { cluster.retired(self) }
    }

    /// Sets the timer for the first idle connection that expires.
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
        for (_, connection) in expired.close { connection.close() }
        for call in expired.timedOut {
            call.waiter = nil
            call.fail(GatewayError(.overloaded, retryAfter: 1))
        }
        self.armedUntil = self.machine.nextExpiry ?? .distantFuture
        self.worker.deadlines.set(self.slot, to: self.armedUntil)
    }
}

/// Lets other threads wake a pool that is still being created when it joins them.
private final class Poke: Sendable {
    private let pool = NIOLockedValueBox<NIOLoopBound<UpstreamPool>?>(nil)

    func aim(at pool: NIOLoopBound<UpstreamPool>) { self.pool.withLockedValue { $0 = pool } }

    func run(on eventLoop: any EventLoop) {
        eventLoop.execute { self.pool.withLockedValue { $0 }?.value.poked() }
    }
}

@available(*, unavailable)
extension UpstreamPool: Sendable {}
