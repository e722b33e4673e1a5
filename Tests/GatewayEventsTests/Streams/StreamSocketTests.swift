import GatewayEvents
import GatewayWebSocket
import NIOCore
import Testing

@Suite struct StreamSocketTests {
    private static let key: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]

    /// A frame of a client.
    private static func frame(
        _ opcode: UInt8,
        _ payload: [UInt8],
        isFinal: Bool = true,
        isMasked: Bool = true,
        reserved: UInt8 = 0
    ) -> [UInt8] {
        var bytes: [UInt8] = [(isFinal ? 0x80 : 0) | reserved << 4 | opcode]
        let mask: UInt8 = isMasked ? 0x80 : 0
        switch payload.count {
        case ...125: bytes.append(mask | UInt8(payload.count))
        case ...0xFFFF: bytes += [mask | 126, UInt8(payload.count >> 8), UInt8(truncatingIfNeeded: payload.count)]
        default:
            bytes +=
                [mask | 127, 0, 0, 0, 0] + (0..<4).map { UInt8(truncatingIfNeeded: payload.count >> (24 - 8 * $0)) }
        }
        guard isMasked else { return bytes + payload }
        return bytes + Self.key + payload.enumerated().map { $0.element ^ Self.key[$0.offset % 4] }
    }

    private static func text(_ text: String, isFinal: Bool = true) -> [UInt8] {
        self.frame(1, Array(text.utf8), isFinal: isFinal)
    }

    private static func reply(_ opcode: UInt8, _ payload: [UInt8]) -> ByteBuffer {
        ByteBuffer(bytes: [0x80 | opcode, UInt8(payload.count)] + payload)
    }

    private static func close(_ code: UInt16) -> ByteBuffer {
        self.reply(8, [UInt8(code >> 8), UInt8(truncatingIfNeeded: code)])
    }

    /// Gives the bytes to a socket in pieces.
    private static func run(_ bytes: [UInt8], pieces: Int = .max, _ socket: inout StreamSocket) -> [StreamSocket
        .OnBytes]
    {
        var actions: [StreamSocket.OnBytes] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            var chunk = ByteBuffer(bytes: rest.prefix(pieces))
            rest = rest.dropFirst(pieces)
            while let action = socket.next(&chunk) { actions.append(action) }
        }
        return actions
    }

    private static func run(_ bytes: [UInt8], pieces: Int = .max) -> [StreamSocket.OnBytes] {
        var socket = StreamSocket()
        return self.run(bytes, pieces: pieces, &socket)
    }

    @Test(arguments: [1, 2, 3, 7, 1000])
    func `messages are unmasked and joined, with pings between their fragments`(pieces: Int) {
        let bytes =
            Self.text("hello") + Self.text("a", isFinal: false) + Self.frame(9, [1, 2])
            + Self.frame(0, [], isFinal: false)
            + Self.frame(0, Array("bc".utf8)) + Self.frame(10, [9]) + Self.text("") + Self.frame(2, [7])
        #expect(
            Self.run(bytes, pieces: pieces) == [
                .message(ByteBuffer(string: "hello")), .write(Self.reply(10, [1, 2])),
                .message(ByteBuffer(string: "abc")), .message(ByteBuffer()), .message(nil),
            ]
        )
    }

    @Test func `a close frame is answered with its code, and nothing follows`() {
        let after = Self.text("late")
        #expect(Self.run(Self.frame(8, [0x03, 0xE8]) + after) == [.end(Self.close(1000))])
        #expect(Self.run(Self.frame(8, [0x0F, 0xA1, 0x68]) + after) == [.end(Self.close(4001))])
        #expect(Self.run(Self.frame(8, []) + after) == [.end(Self.reply(8, []))])
    }

    @Test func `the answer to the gateway's close frame ends the connection`() {
        var socket = StreamSocket()
        #expect(socket.close(1001) == Self.close(1001))
        #expect(socket.close(1008) == nil)
        #expect(!socket.isOpen)
        let bytes = Self.text("late") + Self.frame(9, [1]) + Self.frame(8, [0x03, 0xE9])
        #expect(Self.run(bytes, &socket) == [.end(nil)])
    }

    @Test(
        arguments: [
            (frame(1, Array("x".utf8), isMasked: false), 1002), (frame(1, [0xFF]), 1007), (frame(1, [0xC3]), 1007),
            (frame(1, [0xED, 0xA0, 0x80]), 1007), (frame(1, Array("x".utf8), reserved: 4), 1002), (frame(3, []), 1002),
            (frame(11, []), 1002), (frame(0, [1]), 1002), (frame(9, [], isFinal: false), 1002),
            (frame(9, Array(repeating: 0, count: 126)), 1002), (frame(8, [3]), 1002), (frame(8, [0x03, 0xED]), 1002),
            (frame(8, [0x03, 0xE8, 0xFF]), 1007), (text("a", isFinal: false) + text("b"), 1002),
            (frame(1, Array(repeating: 0x61, count: 65_537)), 1009),
            (frame(1, Array(repeating: 0x61, count: 65_536), isFinal: false) + frame(0, [0x61]), 1009),
        ] as [([UInt8], UInt16)]
    )
    func `a broken rule ends the connection with its code`(bytes: [UInt8], code: UInt16) {
        #expect(Self.run(bytes + Self.text("late")) == [.end(Self.close(code))])
        #expect(Self.run(bytes + Self.text("late"), pieces: 5) == [.end(Self.close(code))])
        // The connection ends without another close frame if one was sent.
        var socket = StreamSocket()
        _ = socket.close(1001)
        #expect(Self.run(bytes, &socket) == [.end(nil)])
    }

    @Test func `a message of 64 KiB is accepted`() {
        let payload = [UInt8](repeating: 0x61, count: 65_536)
        #expect(Self.run(Self.frame(1, payload), pieces: 4096) == [.message(ByteBuffer(bytes: payload))])
    }

    @Test(arguments: 0..<200) func `random bytes do no harm`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var bytes: [UInt8] = []
        for _ in 0..<20 {
            switch Int.random(in: 0..<5, using: &random) {
            case 0:
                bytes += (0..<Int.random(in: 0..<20, using: &random)).map { _ in .random(in: 0...255, using: &random) }
            case 1: bytes += Self.text("hello", isFinal: .random(using: &random))
            case 2:
                bytes += Self.frame(.random(in: 0..<16, using: &random), [1, 2, 3], isFinal: .random(using: &random))
            case 3: bytes += Self.frame(9, [UInt8](repeating: 1, count: .random(in: 0..<130, using: &random)))
            default: bytes += Self.frame(0, [0x61])
            }
        }
        let whole = Self.run(bytes)
        // How the bytes arrive makes no difference.
        #expect(Self.run(bytes, pieces: .random(in: 1..<9, using: &random)) == whole)
        // At most one end, and nothing after it.
        let end = whole.firstIndex { if case .end = $0 { true } else { false } }
        if let end { #expect(end == whole.count - 1) }
    }
}
