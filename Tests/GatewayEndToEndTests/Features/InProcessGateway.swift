import Gateway
import NIOCore
import NIOPosix

@testable import GatewayCore
@testable import GatewaySettings

/// A gateway in front of one handler, on a free loopback port.
struct InProcessGateway: Sendable {
    private let handler: InProcessHandler?
    private let stripPrefix: String

    init(stripPrefix: String = "", handler: @escaping InProcessHandler) {
        self.handler = handler
        self.stripPrefix = stripPrefix
    }

    private init() {
        self.handler = nil
        self.stripPrefix = ""
    }

    /// In front of the demo upstream.
    static let demo = InProcessGateway()

    /// Runs the gateway while `body` runs.
    func run<Result: Sendable>(_ body: @escaping @Sendable (Running) async throws -> Result) async throws -> Result {
        var configuration = GatewayConfiguration.demo
        configuration.server.listen = [.host("127.0.0.1", port: 0)]
        configuration.server.workers = .count(1)
        configuration.server.drainTimeout = .milliseconds(20)
        configuration.admin.listen = .off
        configuration.log.access = .off
        configuration.routes[0].stripPrefix = self.stripPrefix
        var handlers: [String: InProcessHandler] = [:]
        if let handler = self.handler {
            configuration.upstreams["demo"]?.builtin = .inProcess
            handlers["demo"] = handler
        }
        let server = try GatewayServer(configuration, inProcess: handlers)
        let running = Task { try await server.run() }
        let gateway = Running(address: try await server.boundAddresses()[0])
        let result = await Swift.Result.catching { try await body(gateway) }
        server.shutdown()
        _ = await running.result
        return try result.get()
    }

    struct Running: Sendable {
        let address: SocketAddress
    }
}

extension InProcessGateway.Running {
    /// A connection for `body`. It reads only as far as the test reads.
    func connect<Result>(_ body: (inout InProcessClient) async throws -> Result) async throws -> Result {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.socketOption(.so_rcvbuf), value: 64 * 1024)
            .connect(to: self.address) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, _ in
            var client = InProcessClient(channel: channel.channel, inbound: inbound.makeAsyncIterator())
            return try await body(&client)
        }
    }

    /// Sends one request on a new connection. Returns everything received until the connection ends.
    func answer(_ startLine: String, _ fields: String..., body: String = "") async throws -> String {
        try await self.connect { client in
            let lines = ["\(startLine) HTTP/1.1", "Host: a.example", "Connection: close"] + fields
            try await client.send(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
            return try await client.rest()
        }
    }
}

/// The client end of a connection.
struct InProcessClient {
    fileprivate var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let channel: any Channel
    private var received = ByteBuffer()

    fileprivate init(channel: any Channel, inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator) {
        self.channel = channel
        self.inbound = inbound
    }

    func send(_ text: String) async throws { try await self.send(ByteBuffer(string: text)) }

    /// Returns when the system has accepted all bytes.
    func send(_ bytes: ByteBuffer) async throws { try await self.channel.writeAndFlush(bytes).get() }

    /// The available bytes, at least one; nil at the end of the connection, even after a reset.
    mutating func some() async throws -> ByteBuffer? {
        if self.received.readableBytes > 0 {
            defer { self.received.clear() }
            return self.received
        }
        do { return try await self.inbound.next() } catch is IOError { return nil }
    }

    /// Reads up to and including `mark`, or everything if the connection ends first.
    mutating func text(through mark: String) async throws -> String {
        var text = ""
        while !text.hasSuffix(mark) {
            guard var chunk = try await self.some() else { break }
            while !text.hasSuffix(mark), let byte = chunk.readString(length: 1) { text += byte }
            self.received = chunk
        }
        return text
    }

    mutating func head() async throws -> String { try await self.text(through: "\r\n\r\n") }

    mutating func rest() async throws -> String {
        var all = ByteBuffer()
        while var chunk = try await self.some() { all.writeBuffer(&chunk) }
        return String(buffer: all)
    }
}

extension Result where Failure == any Error {
    fileprivate static func catching(_ body: () async throws -> Success) async -> Self {
        do { return .success(try await body()) } catch { return .failure(error) }
    }
}
