import GatewayHTTP
import GatewayHTTP1
import GatewaySettings
import NIOCore
import NIOHPACK
import NIOHTTP2

/// A call of `grpc.health.v1.Health/Check`.
struct GRPCHealthCall: Sendable {
    let headers: HPACKHeaders
    let message: ByteBuffer

    init(_ health: HealthCheckConfiguration, authority: [UInt8], isSecure: Bool) {
        var headers = HPACKHeaders()
        headers.add(name: ":method", value: "POST")
        headers.add(name: ":scheme", value: isSecure ? "https" : "http")
        headers.add(name: ":path", value: "/grpc.health.v1.Health/Check")
        headers.add(
            name: ":authority",
            value: health.host.isEmpty ? String(decoding: authority, as: UTF8.self) : health.host
        )
        headers.add(name: "te", value: "trailers")
        headers.add(name: "content-type", value: "application/grpc")
        let own = health.headers.map { (name: $0.key.lowercased(), value: $0.value) }.sorted { $0.name < $1.name }
        if !own.contains(where: { $0.name == "user-agent" }) {
            headers.add(name: "user-agent", value: "gateway/\(GatewayVersion.current) (health check)")
        }
        for (name, value) in own { headers.add(name: name, value: value) }
        self.headers = headers
        self.message = GRPCHealthMessage.request(for: health.service)
    }
}

/// The connection of a poll with gRPC, above the frame layer: makes one call and passes what it receives to
/// `GRPCPollResponse`.
final class GRPCPollHandler: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private static let stream = HTTP2StreamID(1)

    private let call: GRPCHealthCall
    private var response = GRPCPollResponse()
    private let done: (Result<Void, PollFailure>) -> Void
    private var hasSent = false

    /// - Parameter done: Called with the result, perhaps repeatedly; the first one counts.
    init(_ call: GRPCHealthCall, _ done: @escaping (Result<Void, PollFailure>) -> Void) {
        self.call = call
        self.done = done
    }

    /// Returns the layer that reads and writes frames.
    static func makeFrameLayer() -> NIOHTTP2Handler {
        let settings = [HTTP2Setting(parameter: .enablePush, value: 0)]
        return NIOHTTP2Handler(mode: .client, initialSettings: settings)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { self.send(context) }
    }

    func channelActive(context: ChannelHandlerContext) { self.send(context) }

    private func send(_ context: ChannelHandlerContext) {
        guard !self.hasSent else { return }
        self.hasSent = true
        let head = HTTP2Frame.FramePayload.headers(.init(headers: self.call.headers))
        let body = HTTP2Frame.FramePayload.data(.init(data: .byteBuffer(self.call.message), endStream: true))
        context.write(self.wrapOutboundOut(HTTP2Frame(streamID: Self.stream, payload: head)), promise: nil)
        context.writeAndFlush(self.wrapOutboundOut(HTTP2Frame(streamID: Self.stream, payload: body)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = self.unwrapInboundIn(data)
        switch frame.payload {
        case .headers(let fields) where frame.streamID == Self.stream:
            self.judge(self.response.received(fields.headers, endsStream: fields.endStream), context)
        case .data(let data) where frame.streamID == Self.stream:
            guard case .byteBuffer(let bytes) = data.data else { return }
            self.judge(self.response.received(bytes, endsStream: data.endStream), context)
        case .rstStream where frame.streamID == Self.stream: self.judge(.failed(.reset), context)
        default: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A peer that does not speak HTTP/2 shows in its first frame.
        let isForeign = error is any NIOHTTP2Error
        self.judge(.failed(isForeign ? .error : PollFailure(ConnectFailure(error))), context)
    }

    func channelInactive(context: ChannelHandlerContext) { self.judge(.failed(.reset), context) }

    private func judge(_ result: GRPCPollResponse.OnInput, _ context: ChannelHandlerContext) {
        switch result {
        case .needMore: return
        case .succeeded: self.done(.success(()))
        case .failed(let failure): self.done(.failure(failure))
        }
        context.close(promise: nil)
    }
}

@available(*, unavailable)
extension GRPCPollHandler: Sendable {}
