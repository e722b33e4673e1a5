import GatewayHTTP
import GatewayHTTP1
import NIOCore

/// A client's HTTP/1 connection: bytes in, exchanges begun one after the other, answers out. What may happen when is
/// decided by ``ConnectionStateMachine``; what an answer looks like on the wire stands in `ConnectionHandler+Response`.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What is read ahead of an exchange that does not take it yet.
    private static let readAhead = 64 * 1024
    /// How long an answered client may be silent before its connection is closed.
    private static let lingerTime = TimeAmount.seconds(2)
    /// How long it may go on sending.
    private static let longestLinger = TimeAmount.seconds(30)
    private static let bodyRateGrace = TimeAmount.seconds(10)

    let worker: Worker
    let listener: ListenerPlan
    let peer: ClientAddress
    var machine: ConnectionStateMachine
    var context: ChannelHandlerContext?
    let output: ConnectionOutput
    var exchange: Exchange? { didSet { self.countActivity(before: oldValue) } }
    var isChunked = false
    private var parser: RequestParser
    var body: BodyDecoder
    var inbound = ByteBuffer()
    /// Its first byte came.
    var headStartedAt = NIODeadline.uptimeNanoseconds(0)
    private var isProcessing = false
    private var isBodyPaused = true
    private var isReading = true
    /// The client sends nothing more.
    private var isInputClosed = false
    /// After that, and behind a whole request.
    private var isAskedWhetherThere = false
    /// Between `channelRead` and `channelReadComplete`, which flushes what goes upstream.
    private var isInReadPass = false
    private var needsFlush = false
    /// As the channel last said, so that nobody has to ask it.
    private(set) var isWritable = true

    private let deadlineSlot: DeadlineWheel.Slot
    /// For bytes of the client.
    private(set) var readDeadline = NIODeadline.distantFuture
    /// For the client to take bytes.
    private var writeDeadline = NIODeadline.distantFuture
    private var armedUntil = NIODeadline.distantFuture
    /// What there was to take when the wait began.
    private var unwritten = 0
    private var lingerEnd: NIODeadline?
    private var bodyStartedAt = NIODeadline.uptimeNanoseconds(0)
    private var bodyPausedAt: NIODeadline?
    var bodyBytes = 0
    private(set) var isReleased = false
    let isAdmitted: Bool

    /// - Parameter isAdmitted: False if there are too many connections; the client is told so and nothing else.
    init(
        worker: Worker,
        listener: ListenerPlan,
        peer: ClientAddress,
        isAdmitted: Bool,
        output destination: ConnectionOutput.Destination
    ) {
        self.isAdmitted = isAdmitted
        self.worker = worker
        self.listener = listener
        self.peer = peer
        let limits = listener.limits
        self.machine = ConnectionStateMachine(requestsPerConnection: limits.requestsPerConnection)
        self.parser = RequestParser(limits: limits.http1)
        self.body = BodyDecoder(.none, limits: limits.http1)
        self.deadlineSlot = worker.deadlines.makeSlot()
        self.output = ConnectionOutput(worker: worker, to: destination)
    }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.output.attach(to: context)
        // Asked for here, a read does not take the way through the whole pipeline.
        try? context.channel.syncOptions?.setOption(.autoRead, value: false)
        self.worker.deadlines.own(self.deadlineSlot, self)
        self.waitForRead(self.worker.tick() + self.listener.limits.keepAlive)
        self.worker.opened(self)
        if self.isAdmitted { self.listener.connectionOpened() }
    }

    func channelActive(context: ChannelHandlerContext) {
        if self.isAdmitted { context.read() } else { self.refuseConnection() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.output.detach()
        self.worker.tick()
        self.machine.closed()
        self.exchange?.clientGone(self.writeDeadline <= self.worker.now ? .timedOut(.write) : .clientGone)
        self.release()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.release()
        self.context = nil
    }

    private func release() {
        guard !self.isReleased else { return }
        self.isReleased = true
        self.worker.deadlines.free(self.deadlineSlot)
        self.worker.closed(self)
        if self.isAdmitted { self.listener.connectionClosed(isActive: self.exchange != nil) }
        self.inbound = ByteBuffer()
        self.output.detach()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.worker.tick()
        self.isInReadPass = true
        var bytes = self.unwrapInboundIn(data)
        if self.inbound.readableBytes == 0 { self.inbound = bytes } else { self.inbound.writeBuffer(&bytes) }
        self.process()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.isInReadPass = false
        self.exchange?.upstream?.flush()
        if self.isReading { context.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
        self.worker.tick()
        self.isInputClosed = true
        self.process()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.worker.tick()
        self.isWritable = context.channel.isWritable
        if self.isWritable {
            self.writeDeadline = .distantFuture
            self.exchange?.clientWritable()
            self.process()
        } else {
            self.waitForWrite()
        }
    }

    // MARK: Bytes in

    private var mayRead: Bool {
        switch self.machine.state {
        case .idle, .receivingHead: self.isWritable || self.inbound.readableBytes < Self.readAhead
        case .exchanging: self.inbound.readableBytes < Self.readAhead
        case .discarding, .closing, .closed: true
        }
    }

    private func process() {
        guard !self.isProcessing, let context = self.context else { return }
        self.isProcessing = true
        while self.step() { if self.output.isFull { self.flushNow() } }
        self.isProcessing = false
        if self.inbound.readableBytes == 0 { self.inbound = ByteBuffer() }
        if self.needsFlush { self.flushNow() }
        if !self.isInReadPass, case .exchanging(.open, _) = self.machine.state { self.exchange?.upstream?.flush() }
        let mayRead = self.mayRead
        if mayRead, !self.isReading { context.read() }
        self.isReading = mayRead
        if self.isInputClosed { self.endInput(context) }
    }

    /// What has come does not wait for anything.
    private var hasTakenInput: Bool {
        switch self.machine.state {
        case .idle, .receivingHead: self.isWritable || self.inbound.readableBytes == 0
        case .exchanging(.open, _): !self.isBodyPaused
        // What is left is a further request.
        case .exchanging(.ended, _): self.inbound.readableBytes == 0
        case .discarding, .closing, .closed: true
        }
    }

    private func endInput(_ context: ChannelHandlerContext) {
        if case .exchanging(.ended, _) = self.machine.state, !self.isAskedWhetherThere {
            self.isAskedWhetherThere = true
            self.waitForRead(self.worker.now + Self.patience)
        }
        guard self.hasTakenInput else { return }
        switch self.machine.inputClosed() {
        case .close: self.closeWhenWritten()
        case .cut: context.close(promise: nil)
        case .afterResponse: break
        }
    }

    /// Does what the state allows with the bytes at hand; false where it has to wait.
    private func step() -> Bool {
        switch self.machine.state {
        case .idle, .receivingHead:
            // A client that pipelines without reading gets no further answer to collect.
            guard self.inbound.readableBytes > 0, self.isWritable else { return false }
            return self.receiveHead()
        case .exchanging(.open, _):
            return !self.isBodyPaused && self.receiveBody()
        case .discarding: return self.discardBody()
        case .exchanging(.ended, _): return false
        case .closing, .closed:
            guard self.inbound.readableBytes > 0 else { return false }
            self.inbound.clear()
            if let end = self.lingerEnd { self.waitForRead(min(self.worker.now + Self.lingerTime, end)) }
            return false
        }
    }

    private func receiveHead() -> Bool {
        if self.machine.isBetweenRequests { self.headStartedAt = self.worker.now }
        let exchange = self.worker.makeExchange()
        do throws(MessageError) {
            let before = self.inbound.readableBytes
            let isWhole = try self.parser.parse(&self.inbound, into: &exchange.request)
            exchange.bytesIn = UInt64(before - self.inbound.readableBytes)
            // An empty line before a request is no part of it, and may be all that comes (RFC 9112 section 2.2).
            let hasBegun = (isWhole || self.inbound.readableBytes > 0) && self.machine.receivedBytes()
            guard isWhole else {
                self.worker.recycle(exchange)
                if hasBegun { self.waitForRead(self.worker.now + self.listener.limits.headerTimeout) }
                return false
            }
        } catch {
            self.refuse(GatewayError(client: error), with: exchange)
            return true
        }
        self.waitForRead(.distantFuture)
        self.machine.receivedHead(exchange.request.framing, keepAlive: exchange.request.keepAlive)
        self.begin(exchange)
        return true
    }

    private func begin(_ exchange: Exchange) {
        self.exchange = exchange
        self.isAskedWhetherThere = false
        self.isBodyPaused = true
        self.bodyPausedAt = nil
        if !exchange.request.framing.isEmpty {
            self.body = BodyDecoder(exchange.request.framing, limits: self.listener.limits.http1)
            self.bodyStartedAt = self.worker.now
            self.bodyPausedAt = self.worker.now
            self.bodyBytes = 0
        }
        let isTrusted = self.listener.isTrusted(self.peer)
        self.worker.begin(exchange, from: self, at: self.peer, isTrusted: isTrusted, since: self.headStartedAt)
    }

    private func receiveBody() -> Bool {
        guard let exchange = self.exchange else { return false }
        do throws(MessageError) {
            let before = self.inbound.readableBytes
            let event = try self.body.next(&self.inbound)
            let count = before - self.inbound.readableBytes
            // A client need not wait for ever to be asked for its body (RFC 9110 section 10.1.1).
            if count > 0, exchange.request.expectsContinue { self.bodyIsAwaited() }
            exchange.bytesIn &+= UInt64(count)
            self.bodyBytes &+= count
            switch event {
            case .needMore:
                self.waitForBody()
                return false
            case .bytes(let chunk): exchange.receive(body: chunk)
            case .end:
                self.waitForRead(.distantFuture)
                self.act(on: self.machine.requestEnded())
                exchange.receiveEnd(trailers: self.body.trailers)
            }
        } catch {
            self.machine.receivedMalformed()
            self.inbound.clear()
            exchange.receive(error: error)
        }
        return true
    }

    private func discardBody() -> Bool {
        do throws(MessageError) {
            switch try self.body.next(&self.inbound) {
            case .needMore: return false
            case .bytes: break
            case .end: self.act(on: self.machine.requestEnded())
            }
        } catch {
            self.machine.receivedMalformed()
            self.linger()
        }
        return true
    }

    // MARK: Between exchanges

    func act(on end: ConnectionStateMachine.OnEnd) {
        switch end {
        case .wait: break
        case .nextRequest:
            self.waitForRead(self.worker.now + self.timeBetweenRequests)
            self.process()
        case .discard:
            self.waitForRead(self.worker.now + self.listener.limits.headerTimeout)
            self.process()
        // Closed with input that was not read, the connection is reset, and takes along what the client has yet to read.
        case .close where self.inbound.readableBytes > 0 && !self.isInputClosed:
            self.linger()
            self.process()
        case .close: self.closeWhenWritten()
        case .linger: self.linger()
        }
    }

    private func closeWhenWritten() {
        self.whenWritten { $0.close(promise: nil) }
        guard !self.isReleased else { return }
        // Nothing of the client's is waited for any more, but that it takes what there is.
        self.readDeadline = .distantFuture
        self.waitForWrite()
    }

    private func linger() {
        self.whenWritten { $0.close(mode: .output, promise: nil) }
        self.lingerEnd = self.worker.now + Self.longestLinger
        self.waitForRead(self.worker.now + Self.lingerTime)
    }

    /// Flushes, and goes on when the last byte has left the channel.
    private func whenWritten(_ body: @escaping (ChannelHandlerContext) -> Void) {
        guard let context = self.context else { return }
        self.output.flush(context)
        guard self.output.isQueued(context) else { return body(context) }
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { _ in body(context) }
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer()), promise: promise)
    }

    // MARK: Output

    /// Writes what has been collected; at once, or at the end of the present pass over the received bytes.
    func flush() {
        if self.isProcessing { self.needsFlush = true } else { self.flushNow() }
    }

    private func flushNow() {
        self.needsFlush = false
        if let context = self.context { self.output.flush(context) }
    }

    // MARK: Deadlines

    func waitForRead(_ deadline: NIODeadline) {
        self.readDeadline = deadline
        self.arm()
    }

    /// Has the wheel look at this connection in time. Where it looks earlier anyway, it is not asked again.
    private func arm() {
        let next = min(self.readDeadline, self.writeDeadline)
        guard next < self.armedUntil else { return }
        self.armedUntil = next
        self.worker.deadlines.set(self.deadlineSlot, to: next)
    }

    /// The client has been asked for the body that it held back, or sends it unasked: from here on its clock runs.
    func bodyIsAwaited() {
        guard let exchange = self.exchange, exchange.request.expectsContinue else { return }
        exchange.request.expectsContinue = false
        self.bodyStartedAt = self.worker.now
        if !self.isBodyPaused { self.waitForBody() }
    }

    /// A body has until then at `body_rate`, with some grace; while it is not read its clock stands still.
    private func waitForBody() {
        // A client that waits to be asked for it is waited for no longer than the upstream is, which has to ask.
        if let exchange = self.exchange, exchange.request.expectsContinue { return self.waitForRead(.distantFuture) }
        let rate = self.listener.limits.bodyNanosecondsPerByte
        // A rate of nearly nothing earns more time than can be counted.
        let earned = TimeAmount.nanoseconds(Int64(exactly: (Double(self.bodyBytes) * rate).rounded(.down)) ?? .max)
        self.waitForRead(self.bodyStartedAt + Self.bodyRateGrace + earned)
    }

    /// So many bytes more will have to be taken.
    func wrote(_ count: Int) { if self.writeDeadline != .distantFuture { self.unwritten += count } }

    private func waitForWrite() {
        self.unwritten = self.bufferedBytes
        self.writeDeadline = self.worker.now + self.listener.limits.writeTimeout
        self.arm()
    }

    var bufferedBytes: Int {
        (try? self.context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }
}

extension ConnectionHandler: DeadlineOwner {
    func deadlineReached(now: NIODeadline) {
        guard let context = self.context else { return }
        self.worker.tick()
        self.armedUntil = .distantFuture
        defer { if self.machine.state != .closed { self.arm() } }
        if self.writeDeadline <= now {
            let buffered = self.bufferedBytes
            guard buffered > 0 else {
                self.writeDeadline = .distantFuture
                return
            }
            guard buffered >= self.unwritten else { return self.waitForWrite() }
            self.exchange?.plan.meters.countTimeout(.write)
            return context.close(promise: nil)
        }
        guard self.readDeadline <= now else { return }
        self.readDeadline = .distantFuture
        switch self.machine.state {
        // What is left of it may be held up by the answers before it, which the client has yet to take.
        case .receivingHead where !self.isWritable:
            self.waitForRead(now + self.listener.limits.headerTimeout)
        case .receivingHead:
            self.worker.table.unrouted.meters.countTimeout(.header)
            self.refuse(GatewayError(.requestTimeout), with: self.worker.makeExchange())
        case .exchanging(.open, _):
            guard let exchange = self.exchange else { return }
            self.machine.receivedMalformed()
            exchange.isRequestEnded = true
            exchange.requestTooSlow()
        case .exchanging(.ended, _) where self.isInputClosed:
            if let exchange = self.exchange, !self.mayListen(to: exchange) { context.close(promise: nil) }
        case .discarding where self.bufferedBytes == 0:
            self.machine.gaveUpDiscarding()
            self.linger()
        case .idle where self.hasUnreadInput: self.waitForRead(now + Self.lingerTime)
        case .idle, .discarding, .closing, .closed, .exchanging(.ended, _):
            guard self.bufferedBytes > 0 else { return context.close(promise: nil) }
            // The client still has to take what was written: that is `write_timeout`'s affair.
            if self.writeDeadline == .distantFuture { self.waitForWrite() }
            self.waitForRead(now + Self.lingerTime)
        }
    }
}

extension ConnectionHandler {
    func pauseRequestBody() {
        guard !self.isBodyPaused else { return }
        self.isBodyPaused = true
        self.bodyPausedAt = self.worker.now
        self.waitForRead(.distantFuture)
    }

    func resumeRequestBody() {
        guard self.isBodyPaused else { return }
        self.isBodyPaused = false
        if let pausedAt = self.bodyPausedAt {
            self.bodyStartedAt = self.bodyStartedAt + (self.worker.now - pausedAt)
            self.bodyPausedAt = nil
        }
        self.process()
    }

    func exchangeEnded(_ exchange: Exchange) {
        guard self.exchange === exchange else { return }
        self.exchange = nil
        self.act(on: self.machine.responseEnded())
    }
}

@available(*, unavailable)
extension ConnectionHandler: Sendable {}
