import Testing

@testable import GatewayTLS

/// Writes handshake messages.
enum HandshakeBytes {
    static func vector(_ bytes: [UInt8], _ size: Int) -> [UInt8] {
        (0..<size).reversed().map { UInt8(truncatingIfNeeded: bytes.count >> ($0 * 8)) } + bytes
    }

    static func number(_ value: Int) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xFF)] }

    /// Splits a message into records.
    static func records(_ message: [UInt8], by size: Int = 16_384) -> [UInt8] {
        stride(from: 0, to: message.count, by: size).flatMap { start in
            [22, 3, 1] + self.vector(Array(message[start..<min(start + size, message.count)]), 2)
        }
    }

    static func extensions(_ list: [(type: Int, value: [UInt8])]) -> [UInt8] {
        self.vector(list.flatMap { self.number($0.type) + self.vector($0.value, 2) }, 2)
    }

    static func serverName(_ name: String) -> (type: Int, value: [UInt8]) {
        (0, self.vector([0] + self.vector(Array(name.utf8), 2), 2))
    }

    static func protocols(_ names: [String]) -> (type: Int, value: [UInt8]) {
        (16, self.vector(names.flatMap { self.vector(Array($0.utf8), 1) }, 2))
    }

    static func clientHello(_ extensions: [(type: Int, value: [UInt8])]) -> [UInt8] {
        let body =
            [3, 3] + [UInt8](repeating: 7, count: 32) + self.vector([UInt8](repeating: 1, count: 32), 1)
            + self.vector([0x13, 0x01, 0xC0, 0x2F], 2) + [1, 0] + self.extensions(extensions)
        return [1] + self.vector(body, 3)
    }

    /// A hello with a post-quantum key share, which does not fit into one segment.
    static let large = clientHello([
        serverName("A.Example"), (51, [UInt8](repeating: 9, count: 1_220)), protocols(["h2", "http/1.1"]),
    ])

    static func serverHello(
        random: [UInt8] = [UInt8](repeating: 5, count: 32),
        cipher: Int,
        _ extensions: [(type: Int, value: [UInt8])]
    ) -> [UInt8] {
        let body = [3, 3] + random + [0] + self.number(cipher) + [0] + self.extensions(extensions)
        return [2] + self.vector(body, 3)
    }
}

struct ClientHelloTests {
    private static let expected = ClientHello(serverName: "a.example", protocols: ["h2", "http/1.1"])

    private func read(_ pieces: [[UInt8]]) -> ClientHelloReader.OnBytes {
        var reader = ClientHelloReader()
        for piece in pieces {
            let result = reader.read(piece)
            if result != .needMore { return result }
        }
        return .needMore
    }

    @Test func `name and protocols are read`() {
        #expect(self.read([HandshakeBytes.records(HandshakeBytes.large)]) == .hello(Self.expected))
    }

    @Test(arguments: [1, 2, 100, 1_000]) func `a hello may span records`(size: Int) {
        #expect(self.read([HandshakeBytes.records(HandshakeBytes.large, by: size)]) == .hello(Self.expected))
    }

    @Test func `a hello may arrive in any two segments`() {
        let bytes = HandshakeBytes.records(HandshakeBytes.large, by: 700)
        for place in stride(from: 1, to: bytes.count, by: 7) {
            #expect(self.read([Array(bytes[..<place]), Array(bytes[place...])]) == .hello(Self.expected))
        }
    }

    @Test func `a hello may arrive byte by byte`() {
        let bytes = HandshakeBytes.records(HandshakeBytes.large)
        #expect(self.read(bytes.map { [$0] }) == .hello(Self.expected))
        #expect(self.read(bytes.dropLast().map { [$0] }) == .needMore)
    }

    @Test func `a hello need not name anything`() {
        let bytes = HandshakeBytes.records(HandshakeBytes.clientHello([]))
        #expect(self.read([bytes]) == .hello(ClientHello()))
    }

    @Test(arguments: ["GET / HTTP/1.1\r\n", "\r\nGET /", "PRI * HTTP/2.0\r\n", "post / HTTP/1.0"])
    func `plain HTTP is recognized by its first byte`(text: String) {
        #expect(self.read([Array(text.utf8)]) == .plainHTTP)
    }

    static let malformed: [[UInt8]] = [
        [0x80, 0x2E, 1], [0], [22, 2, 0, 0, 5, 1], [22, 3, 1, 0, 0], [22, 3, 1, 0x40, 1], [23, 3, 3, 0, 1, 0],
        // A message that is no ClientHello, one that is too large, and an alert in the middle of one.
        [22, 3, 1, 0, 4, 2, 0, 0, 0], [22, 3, 1, 0, 4, 1, 1, 0, 0], [22, 3, 1, 0, 1, 1, 21, 3, 1, 0, 2, 1, 0],
        HandshakeBytes.records([1] + HandshakeBytes.vector([3, 3], 3)),
        HandshakeBytes.records(HandshakeBytes.clientHello([(0, [0])])),
        HandshakeBytes.records(HandshakeBytes.clientHello([(0, [0, 0])])),
        HandshakeBytes.records(HandshakeBytes.clientHello([(16, [0, 0])])),
        HandshakeBytes.records(HandshakeBytes.clientHello([HandshakeBytes.protocols([""])])),
        HandshakeBytes.records(HandshakeBytes.clientHello([HandshakeBytes.serverName("")])),
        HandshakeBytes.records(HandshakeBytes.clientHello([HandshakeBytes.serverName("a\0b")])),
        HandshakeBytes.records(
            HandshakeBytes.clientHello([HandshakeBytes.serverName("a"), HandshakeBytes.serverName("b")])
        ),
    ]

    @Test(arguments: malformed) func `malformed hellos are refused`(bytes: [UInt8]) {
        #expect(self.read([bytes]) == .malformed)
    }

    @Test func `random changes never trap`() {
        let bytes = HandshakeBytes.records(HandshakeBytes.large, by: 90)
        var random = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            var changed = bytes
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<changed.count, using: &random)
                changed[place] = UInt8.random(in: 0...255, using: &random)
            }
            _ = self.read([Array(changed.prefix(Int.random(in: 1...changed.count, using: &random)))])
            var server = ServerHelloReader()
            server.read(changed)
        }
    }
}
