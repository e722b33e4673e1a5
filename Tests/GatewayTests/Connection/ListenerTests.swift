import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewaySettings

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

struct ListenerTests {
    /// An accepted connection moves to its worker and back to the listener's loop before it is served. In this test
    /// the worker is busy while the listener closes.
    @Test func `a connection that is handed to its worker while the listener closes is served`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let workers = try await Self.workers(of: group)
        let listener = try await Listener.bind(
            .host("127.0.0.1", port: 0),
            workers: workers,
            group: group
        )
        let address = try #require(listener.boundAddress)
        let acceptor = listener.channel.eventLoop
        let isHeld = ConditionLock(value: true)
        for worker in workers where worker.eventLoop !== acceptor {
            worker.eventLoop.execute {
                isHeld.lock(whenValue: false)
                isHeld.unlock()
            }
        }
        let answers = NIOLockedValueBox(0)
        let client = MultiThreadedEventLoopGroup.singleton
        var channels: [any Channel] = []
        for _ in 0..<8 {
            let bootstrap = ClientBootstrap(group: client).channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AnswerCounter(answers))
                }
            }
            let channel = try await bootstrap.connect(to: address).get()
            try await channel.writeAndFlush(
                ByteBuffer(string: "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            ).get()
            channels.append(channel)
        }
        let closed = Task { await listener.close() }
        // By now the listener has checked for further connections for the last time.
        for _ in 0..<100 { try await acceptor.submit {}.get() }
        isHeld.lock()
        isHeld.unlock(withValue: false)
        await closed.value
        for channel in channels { try await channel.closeFuture.get() }
        #expect(answers.withLockedValue { $0 } == 8)
        try await group.shutdownGracefully()
    }

    /// A copy of the descriptor stands for the other process.
    @Test(arguments: [true, false])
    func `a socket that is handed over keeps its queue and its file`(isUnix: Bool) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let path = "/tmp/gateway-\(UInt32.random(in: .min ... .max))"
        let listener = try await Listener.bind(
            isUnix ? .unix(path: path) : .host("127.0.0.1", port: 0),
            workers: try await Self.workers(of: group),
            group: group
        )
        let address = try #require(listener.boundAddress)
        let copy = dup(try #require(await listener.descriptor()))
        await listener.close(isHandedOver: true)
        let client = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        var channels: [any Channel] = []
        for _ in 0..<100 { channels.append(try await client.connect(to: address).get()) }
        for channel in channels { try await channel.close() }
        Platform.close(copy)
        if isUnix { #expect(unlink(path) == 0) }
        try await group.shutdownGracefully()
    }

    private static func workers(of group: MultiThreadedEventLoopGroup) async throws -> [NIOLoopBound<Worker>] {
        var workers: [NIOLoopBound<Worker>] = []
        for eventLoop in group.makeIterator() {
            workers.append(
                try await eventLoop.submit {
                    NIOLoopBound(WorkerFixture.make(on: eventLoop), eventLoop: eventLoop)
                }.get()
            )
        }
        return workers
    }
}

private final class AnswerCounter: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    private let answers: NIOLockedValueBox<Int>

    init(_ answers: NIOLockedValueBox<Int>) { self.answers = answers }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let text = String(buffer: self.unwrapInboundIn(data))
        if text.hasPrefix("HTTP/1.1 404 ") { self.answers.withLockedValue { $0 += 1 } }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
