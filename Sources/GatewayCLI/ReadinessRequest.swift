import Gateway
import GatewaySettings
import NIOCore
import NIOPosix

/// A single request to `/health/ready`.
enum ReadinessRequest {
    /// The time limit for connecting and receiving the response.
    static let timeout = TimeAmount.seconds(2)

    struct NoAnswer: Error {}

    /// Returns the status line of the response.
    static func statusLine(from address: ListenAddress) async throws -> String {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        defer { group.shutdownGracefully { _ in } }
        let eventLoop = group.next()
        let answer = eventLoop.makePromise(of: String.self)
        let timer = eventLoop.scheduleTask(in: self.timeout) { answer.fail(NoAnswer()) }
        let bootstrap = ClientBootstrap(group: group).connectTimeout(self.timeout).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(StatusLineHandler(answer))
            }
        }
        let connected =
            switch address {
            case .host(let host, let port): bootstrap.connect(host: self.reachable(host), port: port)
            case .unix(let path): bootstrap.connect(unixDomainSocketPath: path)
            }
        connected.whenFailure { answer.fail($0) }
        defer { timer.cancel() }
        return try await answer.futureResult.get()
    }

    /// Returns the host to connect to. A listener on all addresses is reached via loopback.
    private static func reachable(_ host: String) -> String {
        switch host {
        case "0.0.0.0": "127.0.0.1"
        case "::": "::1"
        default: host
        }
    }
}

private final class StatusLineHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer: EventLoopPromise<String>
    private var received = ""

    init(_ answer: EventLoopPromise<String>) { self.answer = answer }

    func channelActive(context: ChannelHandlerContext) {
        let request = "GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: request)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.received += String(buffer: self.unwrapInboundIn(data))
        guard let end = self.received.firstIndex(where: \.isNewline) else { return }
        self.answer.succeed(String(self.received[..<end]))
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { self.answer.fail(ChannelError.eof) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.answer.fail(error)
        context.close(promise: nil)
    }
}
