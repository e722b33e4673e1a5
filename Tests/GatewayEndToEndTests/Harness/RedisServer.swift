import NIOCore

@testable import GatewayRedis

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A Redis server without data that runs during a test.
final class RedisServer: Sendable {
    static var isInstalled: Bool { ChildProcess.find("redis-server") != nil }

    let port: Int
    private let process: ChildProcess

    private init(port: Int, _ process: ChildProcess) {
        self.port = port
        self.process = process
    }

    deinit { self.stop() }

    var url: String { "redis://127.0.0.1:\(self.port)" }

    /// Starts a server and returns once it accepts connections.
    ///
    /// - Parameters:
    ///   - port: nil for a free one.
    ///   - options: As on the command line of `redis-server`.
    ///   - file: A configuration file.
    static func start(port: Int? = nil, _ options: [String], file: String? = nil) async throws -> RedisServer {
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(Patience.seconds)
        while true {
            // Another program may have taken the port, or not have given it back.
            let port = try port ?? self.freePort()
            if let server = try await self.launch(at: port, options, file, until: deadline) { return server }
            guard clock.now < deadline else { throw TimedOut(what: "redis-server") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    static func start(port: Int? = nil, _ options: String...) async throws -> RedisServer {
        try await self.start(port: port, options)
    }

    /// Returns nil if the server has ended at once.
    private static func launch(
        at port: Int,
        _ options: [String],
        _ file: String?,
        until deadline: ContinuousClock.Instant
    ) async throws -> RedisServer? {
        let arguments =
            ["redis-server"] + (file.map { [$0] } ?? []) + [
                "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
            ]
        let server = RedisServer(port: port, try ChildProcess(arguments + options))
        while !server.process.hasEnded {
            // Options may replace the port by one with TLS, so it is only connected to.
            if let connection = try? await RawConnection.connect(to: server.address) {
                connection.close()
                if !server.process.hasEnded { return server }
            }
            guard ContinuousClock().now < deadline else {
                server.stop()
                throw TimedOut(what: "redis-server")
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        return nil
    }

    static func freePort() throws -> Int {
        let socket = try SystemSocket.loopback()
        guard let port = try socket.text.split(separator: ":").last.flatMap({ Int($0) }) else {
            throw TimedOut(what: "a free port")
        }
        return port
    }

    private var address: SocketAddress {
        get throws { try SocketAddress(ipAddress: "127.0.0.1", port: self.port) }
    }

    func connect() async throws -> RedisTestClient { RedisTestClient(try await .connect(to: try self.address)) }

    /// Sends a command on a connection of its own.
    @discardableResult
    func send(_ command: String...) async throws -> RedisReply {
        let client = try await self.connect()
        defer { client.close() }
        return try await client.send([command])[0]
    }

    /// The server stops in the middle of what it does, with open connections.
    func pause() { self.process.signal(SIGSTOP) }
    func resume() { self.process.signal(SIGCONT) }

    /// Ends the server at once, as a crash does.
    func stop() { self.process.stop(SIGKILL) }
}

/// Runs a Redis server while `body` runs.
func withRedis<R>(_ options: String..., body: (RedisServer) async throws -> R) async throws -> R {
    let server = try await RedisServer.start(options)
    defer { server.stop() }
    return try await body(server)
}

/// Sends commands to a Redis server.
struct RedisTestClient: Sendable {
    private let connection: RawConnection

    init(_ connection: RawConnection) { self.connection = connection }

    func close() { self.connection.close() }

    /// Sends a command and returns its reply.
    @discardableResult
    func send(_ command: String...) async throws -> RedisReply {
        try await self.send([command])[0]
    }

    /// Sends commands at once and returns their replies.
    func send(_ commands: [[String]]) async throws -> [RedisReply] {
        var bytes = ByteBuffer()
        for command in commands {
            bytes.writeString("*\(command.count)\r\n")
            for argument in command { bytes.writeString("$\(argument.utf8.count)\r\n\(argument)\r\n") }
        }
        try await self.connection.send(bytes: Array(bytes.readableBytesView))
        // All replies at once: a change of threads for each line takes longer than the commands.
        return try await self.connection.inbox.take("the replies") { bytes, end in
            var rest = bytes
            var replies: [RedisReply] = []
            while replies.count < commands.count {
                guard let reply = Self.reply(&rest) else {
                    if let end { throw Message.Truncated(received: String(buffer: bytes), end: end) }
                    return nil
                }
                replies.append(reply)
            }
            bytes = rest
            return replies
        }
    }

    /// Returns nil if the reply has not arrived completely.
    private static func reply(_ bytes: inout ByteBuffer) -> RedisReply? {
        guard let end = bytes.readableBytesView.firstIndex(of: UInt8(ascii: "\n")),
            let line = bytes.readString(length: end + 1 - bytes.readerIndex)
        else { return nil }
        // "\r\n" is one character.
        let text = String(line.dropFirst().dropLast())
        switch line.first {
        case "+": return .status(text)
        case "-": return .error(text)
        case ":": return .integer(Int(text) ?? 0)
        case "$":
            guard let length = Int(text), length >= 0 else { return .null }
            guard let content = bytes.readSlice(length: length), bytes.readSlice(length: 2) != nil else { return nil }
            return .bytes(content)
        default:
            var elements: [RedisReply] = []
            for _ in 0..<(Int(text) ?? 0) {
                guard let element = Self.reply(&bytes) else { return nil }
                elements.append(element)
            }
            return .array(elements)
        }
    }
}
