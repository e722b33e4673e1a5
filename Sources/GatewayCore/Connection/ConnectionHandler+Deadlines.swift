import GatewayHTTP
import GatewayHTTP1
package import NIOCore

/// What happens as time passes: slow clients, idle connections, the drain.
extension ConnectionHandler: DeadlineOwner {
    /// During the drain, how long an idle connection stays open for a request that may be on its way. A new connection has as
    /// long to send its first one.
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

    /// The client has been asked for the body that it held back, or sends it without being asked: its time starts now.
    func bodyIsAwaited() {
        guard let exchange = self.exchange, exchange.request.expectsContinue else { return }
        exchange.request.expectsContinue = false
        self.clock.bodyAwaited(at: self.worker.now)
        if self.machine.isBodyRead { self.waitForBody() }
    }

    func waitForBody() {
        // The deadlines of the upstream, which has to ask for the body, apply instead.
        if let exchange = self.exchange, exchange.request.expectsContinue { return self.waitForRead(.distantFuture) }
        let rate = self.listener.limits.bodyNanosecondsPerByte
        self.waitForRead(self.clock.bodyDeadline(bytes: self.reader.bodyBytes, nanosecondsPerByte: rate))
    }

    func waitForWrite() {
        let timeout = self.listener.limits.writeTimeout
        self.clock.waitForWrite(of: self.bufferedBytes, at: self.worker.now, timeout: timeout)
        self.arm()
    }

    /// The number of bytes that the system has not accepted yet.
    private var bufferedBytes: Int {
        (try? self.context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    /// How long an idle connection waits for its next request.
    var timeBetweenRequests: TimeAmount { self.machine.isDraining ? Self.drainGrace : self.listener.limits.keepAlive }

    // MARK: Deadlines

    package func deadlineReached(now: NIODeadline) {
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

    /// Whether a client that has closed its input may still read the response.
    ///
    /// The end of a client's input looks the same whether it waits for the response or has closed its connection. Only a
    /// byte sent to it shows the difference: the system of a client that has left answers with a reset. Before the head of
    /// the response, an interim response can be that byte, which every client has to ignore (RFC 9110 section 15.2).
    /// After the head, the body's pieces are, unless the stream may be silent for long.
    private func mayListen(to exchange: Exchange) -> Bool {
        switch exchange.state.stage {
        case .idle, .descending, .waiting, .climbing:
            guard exchange.request.minorVersion == 1 else { return false }
            self.collect { $0.writeStaticString(Self.interim) }
            self.flush()
            return true
        case .responding: return exchange.deadlines.idle != nil && !exchange.response.isPrompt
        case .flushing, .over: return true
        }
    }

    // MARK: Idle connections

    /// When the connection became idle; nil if closing it now would lose a request or a response.
    var idleSince: NIODeadline? {
        if self.owesBytes { return nil }
        switch self.machine.state {
        case .idle: return self.clock.readDeadline - self.listener.limits.keepAlive
        case .receivingHead: return self.clock.headStartedAt
        case .exchanging, .discarding, .tunnel, .closing, .closed: return nil
        }
    }

    /// Whether part of a response has not reached the system yet.
    private var owesBytes: Bool { self.exchange != nil || self.bufferedBytes > 0 }

    /// Whether the system holds unread bytes of the client, so that a connection only looks idle.
    private var hasUnreadInput: Bool { self.socket.map { Platform.hasUnreadBytes($0) } ?? false }

    package var socket: NIOBSDSocket.Handle? {
        let operations = self.context?.pipeline.syncOperations
        return try? operations?.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { $0 }
    }

    // MARK: The drain

    /// Answers the current request, and one more if the client does not know yet that the connection ends.
    package func drain() {
        switch self.machine.drain() {
        case .afterNextRequest:
            self.waitForRead(min(self.clock.readDeadline, self.worker.tick() + Self.drainGrace))
        case .afterResponse: break
        }
    }

    /// Closes the connection. A request that has begun and has no response yet is answered with an error.
    ///
    /// - Returns: Whether a request was cut off.
    func drainTimeIsUp() -> Bool {
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
