import GatewayHTTP
import GatewayHTTP1
import NIOCore

/// A connection to an upstream: requests out, responses in, one at a time. It belongs to its pool and serves a call
/// until the response is complete.
final class UpstreamHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let pool: UpstreamPool
    let openedAt: NIODeadline
    /// How often a socket is read in one pass, as long as what it holds fills the buffer each time.
    static let readsPerPass: UInt = 4

    private let worker: Worker
    private let limits: HTTP1Limits
    private var context: ChannelHandlerContext?
    private var call: UpstreamCall?
    private var state = State.idle
    private var parser: ResponseParser
    private var body: BodyDecoder
    private var inbound = ByteBuffer()
    private let output: ConnectionOutput
    private var isChunked = false
    /// Of the final response.
    private var status = 0
    private var isRequestEnded = false
    private var isReused = false
    /// Something of the request may have reached the upstream.
    private var hasFlushed = false
    /// The upstream has said that it sends no more. Where a connection ends without that, it broke.
    private var isInputClosed = false
    private var isReadingPaused = false
    /// How many reads of this pass, up to the last one, have filled their buffers.
    private var fullReads: UInt = 0
    /// As the channel last said, so that nobody has to ask it.
    private(set) var isWritable = true
    private var keepsAlive = true
    /// An informational response has left in doubt where the next one begins. It stays so.
    private var isInDoubt = false
    /// `Keep-Alive: timeout` of the upstream.
    private(set) var keepAlive: TimeAmount?
    /// Its number in the pool, while it is open.
    var lease: UpstreamPool.Machine.ConnectionID?

    enum State {
        /// In the pool. → head
        case idle
        /// A request was sent. → body, closed
        case head
        /// → answered, closed
        case body
        /// The answer is whole; what else the socket holds has yet to be read. → idle, closed
        case answered
        case closed
    }

    init(pool: UpstreamPool, limits: HTTP1Limits, output destination: ConnectionOutput.Destination) {
        self.pool = pool
        self.worker = pool.worker
        self.openedAt = pool.worker.now
        self.output = ConnectionOutput(worker: pool.worker, to: destination)
        self.limits = limits
        self.parser = ResponseParser(limits: limits)
        self.body = BodyDecoder(.none, limits: limits)
    }

    var isOpen: Bool { self.state != .closed && self.context != nil }

    // MARK: Requests

    func start(_ call: UpstreamCall, lease: UpstreamPool.Machine.ConnectionID, isReused: Bool) {
        self.call = call
        self.lease = lease
        self.state = .head
        self.isReused = isReused
        self.hasFlushed = false
        self.isRequestEnded = false
        self.isChunked = call.isChunked
        guard let caller = call.caller else { return }
        self.output.collect { caller.writeHead(authority: self.pool.target.authority, into: &$0) }
        call.sent(at: self.worker.now)
        caller.sent(to: self)
    }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        // The channel has its socket by now, though it is not connected yet.
        self.output.attach(to: context)
        try? context.channel.syncOptions?.setOption(.autoRead, value: false)
    }

    func channelActive(context: ChannelHandlerContext) { context.read() }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.output.detach()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.worker.tick()
        var bytes = self.unwrapInboundIn(data)
        self.fullReads = bytes.writableBytes == 0 ? self.fullReads + 1 : 0
        if self.inbound.readableBytes > 0 {
            self.inbound.writeBuffer(&bytes)
            swap(&bytes, &self.inbound)
            self.inbound = ByteBuffer()
        }
        while self.step(&bytes) {}
        if bytes.readableBytes > 0 { self.inbound = bytes }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.call?.caller?.upstreamPaused()
        if self.state == .answered { self.giveBack() }
        self.fullReads = 0
        if !self.isReadingPaused { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.isWritable = context.channel.isWritable
        guard self.isWritable else { return }
        self.worker.tick()
        self.call?.caller?.upstreamWritable()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
        self.isInputClosed = true
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelInactive(context: ChannelHandlerContext) {
        self.worker.tick()
        self.output.detach()
        self.ended()
        context.fireChannelInactive()
    }

    // MARK: The response

    /// Takes what it can from the received bytes; false where more are needed.
    private func step(_ bytes: inout ByteBuffer) -> Bool {
        switch self.state {
        case .idle, .answered:
            // Nobody asked for these bytes; whoever asks next must not get them.
            if bytes.readableBytes > 0 { self.close() }
            return false
        case .head: return self.receiveHead(&bytes)
        case .body: return self.receiveBody(&bytes)
        case .closed:
            bytes.clear()
            return false
        }
    }

    private func receiveHead(_ bytes: inout ByteBuffer) -> Bool {
        guard let call = self.call, let caller = call.caller else { return false }
        let response: UpstreamResponse
        do throws(MessageError) {
            guard let head = try caller.readHead(from: &bytes, with: &self.parser) else { return false }
            response = head
        } catch {
            self.fail(.malformedAnswer(reason: "\(error.code): \(error.reason)"))
            return false
        }
        call.replay.forget()
        guard response.status != 101 else {
            self.fail(.malformedAnswer(reason: "101 that nobody asked for"))
            return false
        }
        if response.isInformational {
            // It said that a body follows, which it cannot have, or that the connection ends.
            if !response.keepAlive { self.isInDoubt = true }
            caller.receiveInformational()
            return self.state == .head
        }
        self.state = .body
        self.status = response.status
        self.body = BodyDecoder(response.framing, limits: self.limits)
        if let timeout = response.timeout { self.keepAlive = timeout }
        self.keepsAlive = response.keepAlive && !self.isInDoubt
        self.pool.answerBegan(call, status: response.status)
        caller.receiveResponseHead()
        return true
    }

    private func receiveBody(_ bytes: inout ByteBuffer) -> Bool {
        guard let call = self.call else { return false }
        do throws(MessageError) {
            switch try self.body.next(&bytes) {
            case .needMore: return false
            case .bytes(let chunk): call.caller?.receive(responseBody: chunk)
            case .end: self.finish(call, isDrained: bytes.readableBytes == 0)
            }
        } catch {
            self.fail(.malformedAnswer(reason: "\(error.code): \(error.reason)"))
            return false
        }
        return true
    }

    /// The answer is whole. The connection goes back when the socket has been read: it may hold more than it should.
    private func finish(_ call: UpstreamCall, isDrained: Bool) {
        self.call = nil
        self.pool.answered(call, status: self.status)
        let trailers = self.body.trailers
        let canBeReused = self.keepsAlive && self.isRequestEnded && isDrained
        if canBeReused, self.state != .closed {
            self.state = .answered
            self.isReadingPaused = false
        } else {
            self.close()
        }
        call.caller?.receiveResponseEnd(trailers: trailers)
    }

    private func giveBack() {
        // Nobody has seen the socket empty.
        if self.fullReads == Self.readsPerPass { return self.close() }
        self.state = .idle
        self.pool.release(self)
    }

    /// The connection has ended, by the upstream or by an error.
    private func ended() {
        guard self.state != .closed else { return }
        let state = self.state
        let call = self.call
        if state == .body, let call, self.isInputClosed, (try? self.body.endOfInput()) != nil {
            self.finish(call, isDrained: false)
            return
        }
        self.state = .closed
        self.call = nil
        self.pool.closed(self)
        guard let call else { return }
        let error = GatewayError.upstreamReset(reason: "connection closed in state \(state)")
        guard state == .head else { return call.fail(error) }
        if self.canBeSentAgain(call) { return self.pool.sendAgain(call) }
        self.pool.wasReset(call, error, isFresh: !self.isReused, mayMove: self.mayMove(call))
    }

    /// A kept-alive connection that the upstream closed meanwhile: the request may go out once more where nothing of it
    /// can have been read, or where doing it twice means the same as once (RFC 9110 section 9.2.2).
    private func canBeSentAgain(_ call: UpstreamCall) -> Bool {
        guard call.replay.isWhole, call.resends < 2 else { return false }
        if !self.hasFlushed { return true }
        return self.isReused && call.method.isIdempotent && self.inbound.readableBytes == 0
    }

    /// Whether another endpoint may get this request, of which this one may have seen something.
    private func mayMove(_ call: UpstreamCall) -> Bool {
        call.replay.isWhole && (!self.hasFlushed || call.method.isIdempotent)
    }

    private func fail(_ error: GatewayError) {
        let call = self.call
        self.call = nil
        self.close()
        call?.hasFailedHere = true
        call?.fail(error)
    }

    func close() {
        guard self.state != .closed else { return }
        self.state = .closed
        self.call = nil
        self.output.detach()
        // Before the pool may open another in its place: `max_connections` holds at every moment.
        self.context?.close(promise: nil)
        self.pool.closed(self)
    }
}

extension UpstreamHandler: UpstreamStream {
    var mayBeSentAgain: Bool {
        guard self.state == .head else { return false }
        if !self.hasFlushed { return true }
        guard let call = self.call, call.method.isIdempotent else { return false }
        return self.isReused || self.pool.cluster?.hasAlternatives == true
    }

    func writeBody(_ chunk: ByteBuffer) {
        guard chunk.readableBytes > 0, let context = self.context else { return }
        _ = self.output.write(chunk, asChunk: self.isChunked, to: context)
    }

    func writeEnd(trailers: TrailerSection?) {
        self.isRequestEnded = true
        guard self.isChunked else { return }
        self.output.collect { $0.writeLastChunk(trailers: trailers) }
    }

    func flush() {
        guard let context = self.context else { return }
        self.output.flush(context)
        if self.isOpen { self.hasFlushed = true }
    }

    func pauseReading() { self.isReadingPaused = true }

    func resumeReading() {
        guard self.isReadingPaused else { return }
        self.isReadingPaused = false
        self.context?.read()
    }

    func cancel() {
        self.call = nil
        self.close()
    }
}

@available(*, unavailable)
extension UpstreamHandler: Sendable {}
