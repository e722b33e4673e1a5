import GatewayHTTP1
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewaySettings

/// Messages larger than what an output copies, so that they take every way out.
struct TransportTests {
    private static let body = String(repeating: "0123456789abcdef", count: 4096) + "end"

    /// Layers in front of client connections, of upstream connections, of both and of neither.
    @Test(arguments: [false, true], [false, true])
    func `every byte passes the layers in front of a connection`(clients: Bool, upstreams: Bool) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let upstream = try await RawUpstream.start(on: group, response: Self.response, isScrambled: upstreams)
        let listener = try await Self.listener(
            group,
            to: try #require(upstream.channel.localAddress?.port),
            clients: clients ? Scrambler.transport : .plain,
            upstreams: upstreams ? Scrambler.transport : .plain
        )
        let received = NIOLockedValueBox(ByteBuffer())
        let client = try await ClientBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Recorder(received))
                }
            }
            .connect(to: try #require(listener.boundAddress)).get()
        let request = ByteBuffer(string: Self.request)
        try await client.writeAndFlush(clients ? Scrambler.scramble(request) : request).get()
        try await client.closeFuture.get()

        Self.check(received.withLockedValue { $0 }, isScrambled: clients, ends: ("HTTP/1.1 200 OK\r\n", Self.body))
        Self.check(upstream.received, isScrambled: upstreams, ends: ("POST / HTTP/1.1\r\n", Self.body))
        await listener.close()
        try await upstream.channel.close()
        try await group.shutdownGracefully()
    }

    private static let request = """
        POST / HTTP/1.1\r
        Host: example.com\r
        Connection: close\r
        Content-Length: \(Self.body.utf8.count)\r
        \r
        \(Self.body)
        """

    private static let response = """
        HTTP/1.1 200 OK\r
        Content-Length: \(Self.body.utf8.count)\r
        \r
        \(Self.body)
        """

    private static func check(_ bytes: ByteBuffer, isScrambled: Bool, ends: (first: String, last: String)) {
        let text = String(buffer: isScrambled ? Scrambler.scramble(bytes) : bytes)
        #expect(text.hasPrefix(ends.first))
        #expect(text.hasSuffix("\r\n\r\n" + ends.last))
    }

    private static func listener(
        _ group: MultiThreadedEventLoopGroup,
        to port: Int,
        clients: Transport,
        upstreams: Transport
    ) async throws -> Listener {
        let address = ListenAddress.host("127.0.0.1", port: 0)
        let eventLoop = group.next()
        let worker = try await eventLoop.submit {
            let worker = WorkerFixture.make(on: eventLoop)
            let cluster = self.cluster(on: worker, to: port, upstreams)
            worker.table = RoutingTable(
                router: try Router(routes: [(RouteMatch(), worker.plan(action: .upstream(cluster)))]),
                unrouted: worker.plan(),
                upstreams: [cluster]
            )
            return NIOLoopBound(worker, eventLoop: eventLoop)
        }.get()
        return try await Listener.bind(address, workers: [worker], group: group, transport: clients)
    }

    private static func cluster(on worker: Worker, to port: Int, _ transport: Transport) -> UpstreamCluster {
        let changes = EndpointChanges()
        let target = UpstreamTarget(
            upstream: "users",
            TargetConfiguration(.http(host: "127.0.0.1", port: port)),
            permits: ConnectionPermits(limit: 8, pendingLimit: 8),
            changes: changes
        )
        let pool = UpstreamPool.Settings(
            connector: TargetConnector(limits: HTTP1Limits(), transport: transport),
            queue: .seconds(5),
            idleTimeout: .seconds(60)
        )
        let settings = UpstreamCluster.Settings(
            policy: .roundRobin,
            hashKey: nil,
            failover: false,
            maxPending: 8,
            pool: pool
        )
        return UpstreamCluster(name: "users", worker: worker, targets: [target], changes: changes, settings: settings)
    }
}

/// Stands for encryption: no byte is the same on the other side.
private final class Scrambler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    static let transport = Transport.layered { [Scrambler()] }

    static func scramble(_ bytes: ByteBuffer) -> ByteBuffer { ByteBuffer(bytes: bytes.readableBytesView.map { ~$0 }) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.fireChannelRead(self.wrapInboundOut(Self.scramble(self.unwrapInboundIn(data))))
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        context.write(self.wrapOutboundOut(Self.scramble(self.unwrapOutboundIn(data))), promise: promise)
    }
}

/// Collects what arrives on a socket, unchanged.
private final class Recorder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let received: NIOLockedValueBox<ByteBuffer>

    init(_ received: NIOLockedValueBox<ByteBuffer>) { self.received = received }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = self.unwrapInboundIn(data)
        self.received.withLockedValue { _ = $0.writeBuffer(&bytes) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// Answers once the request's body has arrived.
private final class RawUpstream: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    struct Running {
        let channel: any Channel
        let bytes: NIOLockedValueBox<ByteBuffer>
        var received: ByteBuffer { self.bytes.withLockedValue { $0 } }
    }

    private let response: String
    private let isScrambled: Bool
    private let bytes: NIOLockedValueBox<ByteBuffer>

    private init(response: String, isScrambled: Bool, bytes: NIOLockedValueBox<ByteBuffer>) {
        self.response = response
        self.isScrambled = isScrambled
        self.bytes = bytes
    }

    static func start(on group: any EventLoopGroup, response: String, isScrambled: Bool) async throws -> Running {
        let bytes = NIOLockedValueBox(ByteBuffer())
        let channel = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = RawUpstream(response: response, isScrambled: isScrambled, bytes: bytes)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return Running(channel: channel, bytes: bytes)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = self.unwrapInboundIn(data)
        let received = self.bytes.withLockedValue { all in
            all.writeBuffer(&bytes)
            return all
        }
        // The body ends as no other part of the request does.
        let text = String(buffer: self.isScrambled ? Scrambler.scramble(received) : received)
        guard text.hasSuffix("end") else { return }
        let response = ByteBuffer(string: self.response)
        context.writeAndFlush(
            self.wrapOutboundOut(self.isScrambled ? Scrambler.scramble(response) : response),
            promise: nil
        )
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
