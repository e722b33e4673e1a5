import NIOCore
import NIOPosix
import Synchronization

/// A server that answers each connection's first request with the same bytes.
final class WebhookReceiver: Sendable {
    let port: Int
    private let channel: any Channel
    private let seen: Seen

    final class Seen: Sendable {
        private let text = Mutex("")
        private let connections = Atomic(0)

        func add(_ bytes: ByteBuffer) { self.text.withLock { $0 += String(buffer: bytes) } }
        func connected() { self.connections.add(1, ordering: .relaxed) }
        /// What was received on all connections.
        var all: String { self.text.withLock { $0 } }
        var connectionCount: Int { self.connections.load(ordering: .relaxed) }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        let answer: [String]
        let seen: Seen
        var hasAnswered = false

        init(_ answer: [String], _ seen: Seen) {
            self.answer = answer
            self.seen = seen
        }

        func channelActive(context: ChannelHandlerContext) { self.seen.connected() }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            self.seen.add(self.unwrapInboundIn(data))
            guard !self.hasAnswered else { return }
            self.hasAnswered = true
            self.write(self.answer[...], to: context.channel)
        }

        private func write(_ parts: ArraySlice<String>, to channel: any Channel) {
            guard let part = parts.first else { return }
            channel.writeAndFlush(ByteBuffer(string: part), promise: nil)
            let bound = NIOLoopBound((self, parts.dropFirst()), eventLoop: channel.eventLoop)
            channel.eventLoop.scheduleTask(in: .milliseconds(20)) { bound.value.0.write(bound.value.1, to: channel) }
        }
    }

    /// - Parameter answer: What is sent, in parts with pauses in between. Nothing: the server hangs.
    convenience init(_ answer: String...) async throws { try await self.init(parts: answer) }

    init(parts answer: [String]) async throws {
        let seen = Seen()
        self.seen = seen
        self.channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(answer, seen))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        self.port = self.channel.localAddress?.port ?? 0
    }

    var received: String { self.seen.all }
    var connectionCount: Int { self.seen.connectionCount }

    func stop() async { try? await self.channel.close() }
}
