import GatewayHTTP
import GatewayHTTP1
package import NIOCore

/// Timeouts: slow clients, idle connections and the drain.
extension ConnectionHandler: DeadlineOwner, ClientConnection {
    /// How long an idle connection stays open during the drain, for a request that may be on its way. A new
    /// connection has the same time to send its first request.
    private static let drainGrace = TimeAmount.seconds(1)
    private static let interim: StaticString = "HTTP/1.1 100 Continue\r\n\r\n"

    // MARK: Waiting

    func waitForRead(_ deadline: NIODeadline) {
        self.clock.readDeadline = deadline
        self.arm()
    }

    func arm() {
        if let next = self.clock.arm() { self.worker.deadlines.set(self.deadlineSlot, to: next) }
    }

    /// Starts the clock for a body that the client held back. Called when the client is asked for the body, or
    /// sends it before that.
    func bodyIsAwaited() {
        guard let exchange = self.exchange, exchange.request.expectsContinue else { return }
        exchange.request.expectsContinue = false
        self.clock.bodyAwaited(at: self.worker.now)
        if self.machine.isBodyRead { self.waitForBody() }
    }

    func waitForBody() {
        // The upstream has to ask for the body, so its deadlines apply instead. A gRPC stream sends when it has
        // something to say.
        if let exchange = self.exchange, exchange.request.expectsContinue || exchange.isGRPC {
            return self.waitForRead(.distantFuture)
        }
        let rate = self.listener.limits.bodyNanosecondsPerByte
        self.waitForRead(self.clock.bodyDeadline(bytes: self.reader.bodyBytes, nanosecondsPerByte: rate))
    }

    func waitForWrite() {
        let timeout = self.listener.limits.writeTimeout
        self.clock.waitForWrite(of: self.bufferedBytes, at: self.worker.now, timeout: timeout)
        self.arm()
    }

    /// The number of bytes that the system has not accepted yet.
    var bufferedBytes: Int {
        (try? self.context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    /// The time that an idle connection waits for its next request.
    var timeBetweenRequests: TimeAmount { self.machine.isDraining ? Self.drainGrace : self.listener.limits.keepAlive }

    /// The head or body that is being received keeps the old ones.
    package func limitsChanged(from old: ConnectionLimits) {
        let limits = self.listener.limits
        self.reader.change(limits.http1)
        self.machine.change(requestsPerConnection: limits.requestsPerConnection, from: old.requestsPerConnection)
        guard self.machine.state == .idle, !self.machine.isDraining, self.clock.readDeadline != .distantFuture else {
            return
        }
        self.waitForRead(self.clock.readDeadline + (limits.keepAlive - old.keepAlive))
    }

    // MARK: Deadlines

    func deadlineReached(now: NIODeadline) {
        guard let context = self.context else { return }
        self.worker.tick()
        self.clock.disarm()
        defer { if self.machine.state != .closed { self.arm() } }
        if self.clock.writeDeadline <= now { return self.writeDeadlineReached(context) }
        guard self.clock.readDeadline <= now else { return }
        self.clock.readDeadline = .distantFuture
        self.readDeadlineReached(context)
    }

    private func writeDeadlineReached(_ context: ChannelHandlerContext) {
        switch self.clock.writeDeadlineReached(unwritten: self.bufferedBytes) {
        case .done: break
        case .wait: self.waitForWrite()
        case .timedOut:
            self.exchange?.plan.meters.countTimeout(.write)
            context.close(promise: nil)
        }
    }

    private func readDeadlineReached(_ context: ChannelHandlerContext) {
        let hasUnreadInput = self.machine.state == .idle && self.hasUnreadInput
        switch self.machine.readDeadlineReached(unwritten: self.bufferedBytes, hasUnreadInput: hasUnreadInput) {
        case .waitForHead: self.waitForRead(self.worker.now + self.listener.limits.headerTimeout)
        case .refuseHead:
            self.worker.table.unrouted.meters.countTimeout(.header)
            self.refuse(GatewayError(.requestTimeout), with: self.worker.makeExchange())
        case .refuseBody:
            self.exchange?.state.abandonRequest()
            self.exchange?.driver.requestTooSlow()
        case .checkClient:
            if let exchange = self.exchange, !self.mayListen(to: exchange) { context.close(promise: nil) }
        case .linger: self.linger()
        case .waitForInput: self.waitForRead(self.worker.now + ConnectionClock.lingerTime)
        case .waitForWrite:
            if !self.clock.waitsForWrite { self.waitForWrite() }
            self.waitForRead(self.worker.now + ConnectionClock.lingerTime)
        case .close: context.close(promise: nil)
        }
    }

    /// Returns whether a client that has closed its input may still read the response.
    ///
    /// A client that waits for the response and one that has closed its connection look the same: both end their
    /// input. Sending a byte reveals the difference, because the system of a client that has left responds with a
    /// reset. Before the response head, an interim response serves as that byte, since every client has to ignore it
    /// (RFC 9110 section 15.2). After the head, the body itself does, unless the stream may be silent for long.
    private func mayListen(to exchange: Exchange) -> Bool {
        switch exchange.state.stage {
        case .idle, .descending, .waiting, .climbing:
            guard exchange.request.minorVersion == 1 else { return false }
            self.collect { $0.writeStaticString(Self.interim) }
            self.flush()
            return true
        case .tunnel: return true
        case .responding: return exchange.deadlines.idle != nil && !exchange.response.isPrompt
        case .flushing, .over: return true
        }
    }

    // MARK: Idle connections

    /// When the connection became idle. Nil if closing it now would lose a request or a response.
    package var idleSince: NIODeadline? {
        if self.owesBytes { return nil }
        switch self.machine.state {
        case .idle: return self.clock.readDeadline - self.listener.limits.keepAlive
        case .receivingHead: return self.clock.headStartedAt
        case .exchanging, .discarding, .tunnel, .closing, .closed: return nil
        }
    }

    /// Whether part of a response has not reached the system yet.
    private var owesBytes: Bool { self.exchange != nil || self.bufferedBytes > 0 }

    /// Whether the system holds unread bytes from the client, so that the connection only looks idle.
    private var hasUnreadInput: Bool { self.socket.map { Platform.hasUnreadBytes($0) } ?? false }

    var socket: NIOBSDSocket.Handle? {
        let operations = self.context?.pipeline.syncOperations
        return try? operations?.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { $0 }
    }

    package func close() { self.context?.close(promise: nil) }

    // MARK: The drain

    /// Serves the current request, plus one more if the client does not know yet that the connection closes.
    package func drain() {
        switch self.machine.drain() {
        case .afterNextRequest:
            self.waitForRead(min(self.clock.readDeadline, self.worker.tick() + Self.drainGrace))
        case .afterResponse: break
        }
    }

    package func drainCancelled() {
        switch self.machine.drainCancelled() {
        case .waitForRequest: self.waitForRead(self.worker.tick() + self.listener.limits.keepAlive)
        case .wait: break
        }
    }

    /// Closes the connection. A request that has started but has no response yet gets an error response.
    ///
    /// - Returns: Whether a request was cut off.
    package func drainTimeIsUp() -> Bool {
        var isCut = self.owesBytes
        if case .receivingHead = self.machine.state {
            isCut = true
            self.worker.tick()
            self.refuse(GatewayError(.draining, retryAfter: 1), with: self.worker.makeExchange())
        }
        self.exchange?.driver.drainTimeIsUp()
        self.context?.close(promise: nil)
        return isCut
    }
}
