import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

@testable import Gateway
@testable import GatewaySettings

/// Answers each request on a port of 127.0.0.1 with the same bytes.
final class CannedServer: Sendable {
    struct Log: Sendable {
        var connections = 0
        var open = 0
        var requests: [String] = []
    }

    let port: Int
    private let channel: any Channel
    private let box: NIOLockedValueBox<Log>

    var url: TargetURL { .http(host: "127.0.0.1", port: self.port) }
    var log: Log { self.box.withLockedValue { $0 } }

    private init(_ channel: any Channel, _ box: NIOLockedValueBox<Log>) {
        self.channel = channel
        self.port = channel.localAddress?.port ?? 0
        self.box = box
    }

    static func start(_ response: String) async throws -> CannedServer {
        let box = NIOLockedValueBox(Log())
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(response, box))
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        return CannedServer(channel, box)
    }

    func stop() async throws { try await self.channel.close() }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let response: String
        private let box: NIOLockedValueBox<Log>
        private var received = ""

        init(_ response: String, _ box: NIOLockedValueBox<Log>) {
            self.response = response
            self.box = box
        }

        func channelActive(context: ChannelHandlerContext) {
            self.box.withLockedValue {
                $0.connections += 1
                $0.open += 1
            }
        }

        func channelInactive(context: ChannelHandlerContext) { self.box.withLockedValue { $0.open -= 1 } }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            self.received += String(buffer: self.unwrapInboundIn(data))
            while let end = self.received.firstRange(of: "\r\n\r\n") {
                let head = String(self.received[..<end.lowerBound])
                self.received.removeSubrange(..<end.upperBound)
                self.box.withLockedValue { $0.requests.append(head) }
                context.writeAndFlush(NIOAny(ByteBuffer(string: self.response)), promise: nil)
            }
        }
    }
}
