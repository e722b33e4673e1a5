import GatewayHTTP
import GatewayHTTP1
import GatewayTLS
import NIOCore
import NIOSSL

/// A connection to an upstream: sends requests and receives responses, one at a time. It belongs to its pool and
/// serves a call until the response is complete.
///
/// It decodes the events of its channel, asks `UpstreamConnectionStateMachine` what to do and does it.
final class UpstreamHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let pool: UpstreamPool

    private let worker: Worker
    private let limits: HTTP1Limits
    private let output: ConnectionOutput
    /// Whether the connection uses TLS.
    private let isSecure: Bool
    private var context: ChannelHandlerContext?
    private var call: UpstreamCall?
    private var machine = UpstreamConnectionStateMachine()
    private var parser: ResponseParser
    private var body: BodyDecoder
    private var inbound = ByteBuffer()
    private var isChunked = false
    /// Why the server refused the connection after the TLS handshake.
    private var refusal: TLSFailure?
    /// The channel's last reported writability, cached here.
    private(set) var isWritable = true
    /// The connection's ID in the pool while it is open.
    var lease: UpstreamPool.Machine.ConnectionID?

    init(pool: UpstreamPool, limits: HTTP1Limits, output destination: ConnectionOutput.Destination) {
        self.pool = pool
        self.worker = pool.worker
        self.isSecure = pool.security != nil
        self.output = ConnectionOutput(worker: pool.worker, to: destination)
        self.limits = limits
        self.parser = ResponseParser(limits: limits)
        self.body = BodyDecoder(.none, limits: limits)
    }

    /// The upstream's `Keep-Alive: timeout`.
    var keepAlive: TimeAmount? { self.machine.keepAlive }

    // MARK: Requests

    func start(_ call: UpstreamCall, isReused: Bool) {
        guard let caller = call.caller else { return self.close() }
        self.call = call
        self.machine.start(isReused: isReused)
        self.isChunked = call.isChunked
        self.output.collect { caller.writeHead(for: self.pool.target, into: &$0) }
        call.sent(at: self.worker.now)
        caller.sent(to: self)
    }

    /// Closes the connection after the current request.
    func retire() { self.machine.retire() }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        // The channel already has its socket, though it is not connected yet.
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
        self.machine.read(isFull: bytes.writableBytes == 0)
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
        switch self.machine.readComplete() {
        case .none: break
        case .release: self.pool.release(self)
        case .close: self.close()
        }
        if !self.machine.isReadingPaused { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.isWritable = context.channel.isWritable
        guard self.isWritable else { return }
        self.worker.tick()
        self.call?.caller?.upstreamWritable()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
        self.machine.inputClosed()
        self.closeChannel(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if self.isSecure { self.secureChannelFailed(error) }
        self.closeChannel(context)
    }

    private func closeChannel(_ context: ChannelHandlerContext) {
        if self.isSecure { context.closeSecureChannel() } else { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.worker.tick()
        self.output.detach()
        self.ended()
        context.fireChannelInactive()
    }

    // MARK: The response

    /// Interprets received bytes. Returns false if more bytes are needed.
    private func step(_ bytes: inout ByteBuffer) -> Bool {
        switch self.machine.received() {
        case .readHead: return self.receiveHead(&bytes)
        case .readBody: return self.receiveBody(&bytes)
        case .close: if bytes.readableBytes > 0 { self.close() }
        case .discard: bytes.clear()
        }
        return false
    }

    private func receiveHead(_ bytes: inout ByteBuffer) -> Bool {
        guard let call = self.call, let caller = call.caller else { return false }
        let response: UpstreamResponse
        do throws(MessageError) {
            let head = try caller.fillResponse { head throws(MessageError) in
                try self.parser.read(&bytes, into: &head, answering: call.method)
            }
            guard let head else { return false }
            response = head
        } catch {
            self.fail(.malformedAnswer(reason: "\(error.code): \(error.reason)"))
            return false
        }
        // Unless the request is retried, the sent part of the body is no longer needed.
        call.replay.answered()
        switch self.machine.head(response, isUpgrade: call.isUpgrade) {
        case .unexpectedUpgrade:
            self.fail(.malformedAnswer(reason: "101 that nobody asked for"))
            return false
        case .informational:
            caller.receiveInformational()
            return self.machine.state == .head
        case .upgraded:
            call.mayHaveArrived = true
            self.body = BodyDecoder(.untilClose, limits: self.limits)
            self.pool.answerBegan(call, status: response.status)
            // The duration of the tunnel says nothing about the upstream.
            self.pool.answered(call, status: response.status)
            caller.receiveResponseHead()
            return true
        case .final:
            call.mayHaveArrived = true
            self.body = BodyDecoder(response.framing, limits: self.limits)
            self.pool.answerBegan(call, status: response.status)
            caller.receiveResponseHead()
            return true
        }
    }

    private func receiveBody(_ bytes: inout ByteBuffer) -> Bool {
        do throws(MessageError) {
            switch try self.body.next(&bytes) {
            case .needMore: return false
            case .bytes(let chunk): self.call?.caller?.receive(responseBody: chunk)
            case .end: self.finish(self.call, isDrained: bytes.readableBytes == 0)
            }
        } catch {
            self.fail(.malformedAnswer(reason: "\(error.code): \(error.reason)"))
            return false
        }
        return true
    }

    /// - Parameter call: Nil if the caller has discarded the response.
    private func finish(_ call: UpstreamCall?, isDrained: Bool) {
        self.call = nil
        if let call, self.machine.status != 101 { self.pool.answered(call, status: self.machine.status) }
        let trailers = self.body.trailers
        switch self.machine.bodyEnded(isDrained: isDrained) {
        case .settle: break
        case .close: self.close()
        }
        call?.caller?.receiveResponseEnd(trailers: trailers)
    }

    // MARK: The end

    /// Records an error of TLS.
    private func secureChannelFailed(_ error: any Error) {
        switch error {
        case NIOSSLError.uncleanShutdown: self.machine.inputCut()
        case is BoringSSLError, is NIOSSLError:
            // With TLS 1.3 the server verifies the client's certificate after the handshake has ended here.
            guard self.machine.isUnproven, self.inbound.readableBytes == 0 else { return }
            self.refusal = TLSFailure(error)
        default: break
        }
    }

    private func ended() {
        if let refusal = self.refusal { return self.refused(refusal) }
        let call = self.call
        let request = call.map { call in
            UpstreamConnectionStateMachine.Request(
                isIdempotent: call.method.isIdempotent,
                isBodyKept: call.replay.isWhole,
                resends: call.resends,
                hasPartialHead: self.inbound.readableBytes > 0
            )
        }
        let state = self.machine.state
        let result = self.machine.closed(request, isBodyComplete: (try? self.body.endOfInput()) != nil)
        if case .ignore = result { return }
        if case .bodyEnded = result, let call { return self.finish(call, isDrained: false) }
        self.call = nil
        self.pool.closed(self)
        guard let call else { return }
        if self.machine.hasFlushed { call.mayHaveArrived = true }
        let error = GatewayError.upstreamReset(reason: "connection closed in state \(state)")
        switch result {
        case .ignore, .unused, .bodyEnded: break
        case .failed: call.fail(error)
        case .sendAgain: self.pool.sendAgain(call)
        case .reset(let isFresh, let mayMove): self.pool.wasReset(call, error, isFresh: isFresh, mayMove: mayMove)
        }
    }

    /// Handles a connection that the server refused after the handshake, without having read a request.
    private func refused(_ failure: TLSFailure) {
        guard self.machine.close() else { return }
        let call = self.call
        self.call = nil
        self.pool.closed(self)
        self.pool.wasRefused(call, failure)
    }

    private func fail(_ error: GatewayError) {
        let call = self.call
        self.call = nil
        self.close()
        call?.hasFailedHere = true
        if let call { self.pool.judge(call, error.failure) }
        call?.mayHaveArrived = true
        call?.fail(error)
    }

    func close() {
        guard self.machine.close() else { return }
        self.call = nil
        self.output.detach()
        // Close the channel before the pool may open a replacement, so that `max_connections` is never exceeded.
        if let context = self.context { self.closeChannel(context) }
        self.pool.closed(self)
    }
}

extension UpstreamHandler: UpstreamStream {
    var mayBeSentAgain: Bool {
        self.machine.mayBeSentAgain(
            isIdempotent: self.call?.method.isIdempotent ?? false,
            hasAlternatives: self.pool.cluster?.hasAlternatives == true
        )
    }

    func writeBody(_ chunk: ByteBuffer) {
        guard chunk.readableBytes > 0, let context = self.context else { return }
        _ = self.output.write(chunk, asChunk: self.isChunked, to: context)
    }

    func writeEnd(trailers: TrailerSection?) {
        self.machine.requestEnded()
        guard self.isChunked else { return }
        self.output.collect { $0.writeLastChunk(trailers: trailers) }
    }

    func closeOutput() {
        self.flush()
        self.context?.close(mode: .output, promise: nil)
    }

    func flush() {
        guard let context = self.context else { return }
        self.output.flush(context)
        if self.context != nil { self.machine.flushed() }
    }

    func pauseReading() { self.machine.pauseReading() }

    func resumeReading() {
        if self.machine.resumeReading() { self.context?.read() }
    }

    func discard() {
        if let call = self.call { self.pool.answered(call, status: self.machine.status) }
        switch self.machine.discard() {
        case .drop: self.call = nil
        case .close: self.cancel()
        }
    }

    func cancel() {
        if self.machine.hasFlushed { self.call?.mayHaveArrived = true }
        self.call = nil
        self.close()
    }
}

@available(*, unavailable)
extension UpstreamHandler: Sendable {}
