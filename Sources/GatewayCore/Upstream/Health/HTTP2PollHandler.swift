import GatewayHTTP
import GatewayHTTP1
import GatewayHTTP2
import NIOCore
import NIOHTTP2

/// The connection of a poll over HTTP/2, above the frame layer: sends the request and passes what it receives to
/// `PollResponse`.
final class HTTP2PollHandler: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private static let stream = HTTP2StreamID(1)

    private let request: PollPlan.Request
    private let fields: ResponseHeaderList
    private let scheme: RequestHeaderList.Scheme
    private var response: PollResponse
    private let done: (Result<Void, PollFailure>) -> Void
    private var hasSent = false

    /// - Parameter done: Called with the result, perhaps repeatedly; the first one counts.
    init(
        _ request: PollPlan.Request,
        limits: HTTP1Limits,
        isSecure: Bool,
        _ done: @escaping (Result<Void, PollFailure>) -> Void
    ) {
        self.request = request
        self.fields = ResponseHeaderList(size: limits.headers, count: limits.headerCount)
        self.scheme = isSecure ? .https : .http
        self.response = PollResponse(to: request, limits: limits)
        self.done = done
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { self.send(context) }
    }

    func channelActive(context: ChannelHandlerContext) { self.send(context) }

    private func send(_ context: ChannelHandlerContext) {
        guard !self.hasSent else { return }
        self.hasSent = true
        let scheme = self.scheme
        let request = self.request.bytes.withUnsafeReadableBytes { RequestHeaderList.list(of: $0, scheme: scheme) }
        guard let request else { return self.judge(.failed(.error), context) }
        let head = HTTP2Frame.FramePayload.headers(.init(headers: request.list, endStream: true))
        context.writeAndFlush(self.wrapOutboundOut(HTTP2Frame(streamID: Self.stream, payload: head)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = self.unwrapInboundIn(data)
        guard frame.streamID == Self.stream else { return }
        switch frame.payload {
        case .headers(let headers): self.receive(headers, context)
        case .data(let data):
            guard case .byteBuffer(let bytes) = data.data else { return }
            self.judge(self.response.received(body: bytes, isLast: data.endStream), context)
        case .rstStream: self.judge(.failed(.reset), context)
        default: break
        }
    }

    private func receive(_ headers: HTTP2Frame.FramePayload.Headers, _ context: ChannelHandlerContext) {
        // Trailers end the body.
        if self.response.hasHead {
            return self.judge(self.response.received(body: ByteBuffer(), isLast: true), context)
        }
        var head = ResponseHead()
        do throws(MessageError) {
            try self.fields.read(
                headers.headers,
                into: &head,
                answering: self.request.method,
                endsStream: headers.endStream
            )
        } catch {
            return self.judge(.failed(.error), context)
        }
        self.judge(self.response.received(status: head.status, isLast: headers.endStream), context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A peer that does not speak HTTP/2 shows in its first frame.
        let isForeign = error is any NIOHTTP2Error
        self.judge(.failed(isForeign ? .error : PollFailure(ConnectFailure(error))), context)
    }

    func channelInactive(context: ChannelHandlerContext) { self.judge(.failed(.reset), context) }

    private func judge(_ result: PollResponse.OnInput, _ context: ChannelHandlerContext) {
        switch result {
        case .needMore: return
        case .succeeded: self.done(.success(()))
        case .failed(let failure): self.done(.failure(failure))
        }
        context.close(promise: nil)
    }
}

@available(*, unavailable)
extension HTTP2PollHandler: Sendable {}
