import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import GatewayCore
@testable import GatewayRedis

extension EndToEnd {
    /// A server that says it is Redis and answers with whatever it likes.
    @Suite struct HostileRedisTests {
        struct Attack: Sendable {
            let name: String
            let reply: String
            var closes = false
        }

        private static let attacks = [
            Attack(name: "cut", reply: "*5\r\n:1\r\n:17", closes: true),
            Attack(name: "closed at once", reply: "", closes: true),
            Attack(name: "an empty line", reply: "\r\n"),
            Attack(name: "HTTP", reply: "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"),
            Attack(name: "a huge string", reply: "$9223372036854775807\r\n"),
            Attack(name: "a negative length", reply: "$-2\r\n"),
            Attack(name: "a huge array", reply: "*2147483647\r\n"),
            Attack(name: "a deep array", reply: String(repeating: "*1\r\n", count: 10_000)),
            Attack(name: "an endless line", reply: "+" + String(repeating: "a", count: 200_000)),
            Attack(name: "a status", reply: "+OK\r\n"),
            Attack(name: "null", reply: "$-1\r\n"),
            Attack(name: "an array without elements", reply: "*0\r\n"),
            Attack(name: "strings for numbers", reply: "*5\r\n$1\r\n1\r\n$1\r\n1\r\n+1\r\n+2\r\n+3\r\n"),
            Attack(name: "an error", reply: "-ERR \u{1B}[31mred\u{7}\r\n"),
            Attack(name: "an error without a text", reply: "-\r\n"),
            Attack(name: "a script is unknown, always", reply: "-NOSCRIPT No matching script\r\n"),
            Attack(name: "a redirection", reply: "-MOVED 1 127.0.0.1:1\r\n"),
            Attack(name: "replies nobody asked for", reply: String(repeating: ":1\r\n", count: 1000)),
            Attack(name: "a message of no channel", reply: "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n"),
        ]

        /// Answers the first command of each connection as Redis does, and further ones as it likes.
        private static func server(_ answer: @escaping @Sendable (RawConnection) async throws -> Void)
            -> ScriptedUpstream.Script
        {
            playing { session in
                let connection = session.connection
                _ = try await connection.text(through: "writable\r\n")
                try await connection.send(":0\r\n")
                while true {
                    // The count of the arguments begins a command, and nothing else begins with an asterisk.
                    _ = try await connection.text(through: "*")
                    _ = try await connection.text(through: "EVAL")
                    try await answer(connection)
                }
            }
        }

        @Test func `limits are decided here, whatever the server replies`() async throws {
            let current = NIOLockedValueBox(Self.attacks[0])
            let script = Self.server { connection in
                let attack = current.withLockedValue { $0 }
                try await connection.send(attack.reply)
                if attack.closes { throw ChannelError.eof }
            }
            try await withUpstream(script) { server in
                let settings = "limit = \"1/day\"\nkey = \"header:X-Key\""
                let toml = limited("redis://\(server.authority)", settings, timeout: "100ms")
                try await withGateways(1, toml, workers: 1) { gateways in
                    let client = try await gateways[0].connect()
                    defer { client.close() }
                    for (number, attack) in Self.attacks.enumerated() {
                        current.withLockedValue { $0 = attack }
                        try await gateways.joined()
                        var statuses: [Int] = []
                        for _ in 0..<2 {
                            try await client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Key: \(number)\r\n\r\n")
                            statuses.append(try await client.response().status)
                        }
                        #expect(statuses == [200, 429], "\(attack.name)")
                    }
                }
            }
        }

        @Test(arguments: ["sliding_window", "token_bucket"])
        func `no number that a server may reply is too large or too small`(algorithm: String) async throws {
            let numbers = [Int.min, -1, 0, 1, Int(UInt32.max), 1 << 53, Int.max]
            let random = NumberSource(numbers)
            let script = Self.server { connection in
                let reply = "*5\r\n" + random.take(5).map { ":\($0)\r\n" }.joined()
                try await connection.send(reply)
            }
            try await withUpstream(script) { server in
                let toml = limited("redis://\(server.authority)", "limit = \"4/day\"\nalgorithm = \"\(algorithm)\"")
                try await withGateways(1, toml, workers: 1) { gateways in
                    try await gateways.joined()
                    let client = try await gateways[0].connect()
                    defer { client.close() }
                    for _ in 0..<20 {
                        try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                        #expect([200, 429].contains(try await client.response().status))
                    }
                }
            }
        }

        @Test func `a reply that comes byte by byte is a reply`() async throws {
            let script = Self.server { connection in
                for byte in "*5\r\n:1\r\n:1700000000000000\r\n:19675\r\n:1\r\n:0\r\n".utf8 {
                    try await connection.send(bytes: [byte])
                }
            }
            try await withUpstream(script) { server in
                try await withGateways(1, limited("redis://\(server.authority)"), workers: 1) { gateways in
                    try await gateways.joined()
                    for _ in 0..<3 {
                        #expect(try await gateways[0].get("/")["X-RateLimit-Remaining"] == "39")
                    }
                }
            }
        }

        @Test func `what a server sends without end is not kept`() async throws {
            let sent = ByteCounter()
            let script = Self.server { connection in
                let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 64 * 1024)
                try await connection.send("+")
                while true {
                    try await connection.send(bytes: piece)
                    sent.add(piece.count)
                }
            }
            try await withUpstream(script) { server in
                let toml = limited("redis://\(server.authority)", timeout: "100ms")
                try await withGateways(1, toml, workers: 1) { gateways in
                    try await gateways.joined()
                    #expect(try await gateways[0].get("/").status == 200)
                    // The gateway closes the connection, so that no more can be sent.
                    try await eventually("the connection is closed") {
                        server.openConnections == 0 || server.connections > 1
                    }
                    #expect(sent.value < 16 * 1024 * 1024)
                }
            }
        }
    }
}

/// Numbers from a list, always in the same random order.
private final class NumberSource: Sendable {
    private let numbers: [Int]
    private let random = NIOLockedValueBox(SeededGenerator(5))

    init(_ numbers: [Int]) { self.numbers = numbers }

    func take(_ count: Int) -> [Int] {
        self.random.withLockedValue { random in
            (0..<count).compactMap { _ in self.numbers.randomElement(using: &random) }
        }
    }
}
