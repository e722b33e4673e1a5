import GatewayHTTP
import GatewayHTTP1
import GatewayHTTP2
import NIOCore

/// The connection of a poll over HTTP/2: sends one request and passes what it receives to `PollResponse` or
/// `GRPCPollResponse`.
final class HTTP2PollHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Response {
        case http(PollResponse)
        case grpc(GRPCPollResponse)
    }

    private static let stream: UInt32 = 1
    /// A response that is longer is judged before its end.
    private static let window = 1024 * 1024

    private let head: ByteBuffer
    private let body: ByteBuffer
    private let method: Method
    private let limits: FieldLimits
    private let maxHeaderList: Int
    private var requests: RequestEncoder
    private var frames: ServerFrames
    private var decoder = FieldBlockDecoder()
    private var response: Response
    private var hasHead = false
    private let done: (Result<Void, PollFailure>) -> Void
    private var hasSent = false
    private var isJudged = false

    /// - Parameter done: Called with the result, perhaps repeatedly; the first one counts.
    convenience init(
        _ request: PollPlan.Request,
        limits: HTTP1Limits,
        isSecure: Bool,
        _ done: @escaping (Result<Void, PollFailure>) -> Void
    ) {
        let response = Response.http(PollResponse(to: request, limits: limits))
        self.init(request.bytes, ByteBuffer(), request.method, response, limits, isSecure: isSecure, done)
    }

    /// - Parameter done: Called with the result, perhaps repeatedly; the first one counts.
    convenience init(
        _ call: GRPCHealthCall,
        limits: HTTP1Limits,
        isSecure: Bool,
        _ done: @escaping (Result<Void, PollFailure>) -> Void
    ) {
        let response = Response.grpc(GRPCPollResponse())
        self.init(call.head, call.message, .post, response, limits, isSecure: isSecure, done)
    }

    private init(
        _ head: ByteBuffer,
        _ body: ByteBuffer,
        _ method: Method,
        _ response: Response,
        _ limits: HTTP1Limits,
        isSecure: Bool,
        _ done: @escaping (Result<Void, PollFailure>) -> Void
    ) {
        self.head = head
        self.body = body
        self.method = method
        self.response = response
        self.limits = FieldLimits(size: limits.headers, count: limits.headerCount)
        self.maxHeaderList = min(limits.headers * 4, Int(Int32.max))
        self.requests = RequestEncoder(scheme: isSecure ? .https : .http)
        self.frames = ServerFrames(maxHeaderList: self.maxHeaderList)
        self.frames.lastStream = Self.stream
        self.done = done
    }

    // MARK: The request

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { self.send(context) }
    }

    func channelActive(context: ChannelHandlerContext) { self.send(context) }

    private func send(_ context: ChannelHandlerContext) {
        guard !self.hasSent else { return }
        self.hasSent = true
        guard self.head.withUnsafeReadableBytes({ self.requests.read($0) }) else {
            return self.judge(.failed(.error), context)
        }
        var output = ByteBuffer()
        self.frames.writeBeginning(to: &output, streamWindow: Self.window)
        // The peer's settings are not known yet, so the defaults apply.
        let maxFrame = self.frames.settings.maxFrame
        output.writeHeaders(Self.stream, endsStream: self.body.readableBytes == 0, maxFrame: maxFrame) { block in
            self.head.withUnsafeReadableBytes { self.requests.write($0, to: &block) }
        }
        if self.body.readableBytes > 0 {
            let length = self.body.readableBytes
            output.write(FrameHead(length: length, type: .data, flags: .endStream, streamID: Self.stream))
            output.writeImmutableBuffer(self.body)
        }
        context.writeAndFlush(self.wrapOutboundOut(output), promise: nil)
    }

    // MARK: The response

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.frames.append(self.unwrapInboundIn(data))
        do throws(HTTP2ConnectionError) {
            while !self.isJudged, let event = try self.frames.next(at: .now()) { try self.act(on: event, context) }
        } catch {
            // A peer that does not speak HTTP/2 shows in its first frame.
            self.judge(.failed(.error), context)
        }
    }

    private func act(
        on event: ServerFrames.Event,
        _ context: ChannelHandlerContext
    ) throws(HTTP2ConnectionError) {
        switch event {
        case .settings: self.answer(context) { $0.writeSettingsAcknowledgement() }
        case .ping(let data): self.answer(context) { $0.writePing(data, isAcknowledgement: true) }
        case .block(let block): self.judge(try self.receive(block), context)
        case .data(_, let data, _, let endsStream): self.judge(self.receive(data, isLast: endsStream), context)
        case .reset: self.judge(.failed(.reset), context)
        case .goAway(let last, _): if last < Self.stream { self.judge(.failed(.reset), context) }
        case .windowUpdate: break
        }
    }

    private func answer(_ context: ChannelHandlerContext, _ write: (inout ByteBuffer) -> Void) {
        var output = ByteBuffer()
        write(&output)
        context.writeAndFlush(self.wrapOutboundOut(output), promise: nil)
    }

    private func receive(_ block: FieldBlock) throws(HTTP2ConnectionError) -> PollResponse.OnInput {
        if self.hasHead { return try self.receiveTrailers(block) }
        var head = ResponseHead()
        var fields = ResponseFields(limits: self.limits)
        try self.decode(block) { fields.take($0, into: &head) }
        do throws(MessageError) {
            try fields.finish(&head, answering: self.method, endsStream: block.endsStream)
        } catch {
            return .failed(.error)
        }
        self.hasHead = !head.isInformational
        switch self.response {
        case .http(var response):
            defer { self.response = .http(response) }
            return response.received(status: head.status, isLast: block.endsStream)
        case .grpc(var response):
            defer { self.response = .grpc(response) }
            return response.received(head, endsStream: block.endsStream)
        }
    }

    private func receiveTrailers(_ block: FieldBlock) throws(HTTP2ConnectionError) -> PollResponse.OnInput {
        var fields = TrailerFields(limits: self.limits)
        try self.decode(block) { fields.take($0) }
        let trailers: TrailerSection?
        do throws(MessageError) {
            trailers = try fields.finish()
        } catch {
            return .failed(.error)
        }
        switch self.response {
        // Trailers end the body.
        case .http: return self.receive(ByteBuffer(), isLast: true)
        case .grpc(let response): return block.endsStream ? response.ended(trailers) : .failed(.error)
        }
    }

    private func receive(_ data: ByteBuffer, isLast: Bool) -> PollResponse.OnInput {
        switch self.response {
        case .http(var response):
            defer { self.response = .http(response) }
            return response.received(body: data, isLast: isLast)
        case .grpc(var response):
            defer { self.response = .grpc(response) }
            return response.received(data, endsStream: isLast)
        }
    }

    private func decode(
        _ block: FieldBlock,
        _ take: (FieldBlockDecoder.Field) -> Void
    ) throws(HTTP2ConnectionError) {
        try block.bytes.withUnsafeReadableBytes { (bytes) throws(HTTP2ConnectionError) in
            try self.decoder.decode(bytes, limit: self.maxHeaderList, take)
        }
    }

    // MARK: The end

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.judge(.failed(PollFailure(ConnectFailure(error))), context)
    }

    func channelInactive(context: ChannelHandlerContext) { self.judge(.failed(.reset), context) }

    private func judge(_ result: PollResponse.OnInput, _ context: ChannelHandlerContext) {
        guard !self.isJudged else { return }
        switch result {
        case .needMore: return
        case .succeeded: self.done(.success(()))
        case .failed(let failure): self.done(.failure(failure))
        }
        self.isJudged = true
        context.close(promise: nil)
    }
}

@available(*, unavailable)
extension HTTP2PollHandler: Sendable {}
