import NIOCore
import Testing

@testable import GatewayRedis

struct RedisReaderTests {
    private static func read(_ text: String, pieces: Int = .max, limits: RedisReader.Limits = .init()) throws
        -> [RedisReply]
    {
        var reader = RedisReader(limits: limits)
        var replies: [RedisReply] = []
        let bytes = Array(text.utf8)
        var start = 0
        while start < bytes.count {
            let end = min(start + min(pieces, bytes.count), bytes.count)
            reader.append(ByteBuffer(bytes: bytes[start..<end]))
            while let reply = try reader.next() { replies.append(reply) }
            start = end
        }
        return replies
    }

    private static func bytes(_ text: String) -> RedisReply { .bytes(ByteBuffer(string: text)) }

    private static let stream = """
        +OK\r\n-ERR no\r\n:-42\r\n$5\r\na\r\nbc\r\n$-1\r\n*-1\r\n$0\r\n\r\n*0\r\n\
        *3\r\n:1\r\n*2\r\n$1\r\na\r\n*0\r\n$-1\r\n:9223372036854775807\r\n:-9223372036854775808\r\n+\r\n
        """

    @Test(arguments: [1, 2, 3, 7, .max])
    func `replies of all types are read, in whatever pieces they come`(pieces: Int) throws {
        #expect(
            try Self.read(Self.stream, pieces: pieces) == [
                .status("OK"), .error("ERR no"), .integer(-42), Self.bytes("a\r\nbc"), .null, .null, Self.bytes(""),
                .array([]), .array([.integer(1), .array([Self.bytes("a"), .array([])]), .null]), .integer(.max),
                .integer(.min), .status(""),
            ]
        )
    }

    @Test(
        arguments: [
            "HTTP/1.1 400 Bad Request\r\n", ":\r\n", ":-\r\n", ":1a\r\n", ":9223372036854775808\r\n",
            ":99999999999999999999\r\n", "$-2\r\n", "$x\r\n", "*-2\r\n", "*+1\r\n", "$1\r\nabc", "\r\n",
            "_\r\n", "%1\r\n", "*1\r\nx\r\n", "$ 1\r\n",
        ]
    )
    func `what is not RESP2 is refused`(text: String) {
        #expect(throws: RedisProtocolError.self) { try Self.read(text) }
    }

    @Test func `lengths are limited before anything is allocated`() {
        #expect(throws: RedisProtocolError.tooLong) { try Self.read("$9223372036854775807\r\n") }
        #expect(throws: RedisProtocolError.tooLong) { try Self.read("*9223372036854775807\r\n") }
        #expect(throws: RedisProtocolError.tooLong) { try Self.read("*262145\r\n") }
        #expect(throws: RedisProtocolError.tooDeep) { try Self.read(String(repeating: "*1\r\n", count: 9)) }
        #expect(throws: RedisProtocolError.tooLong) { try Self.read("*2\r\n*262143\r\n") }
        var limits = RedisReader.Limits()
        limits.line = 4
        limits.bytes = 4
        #expect(throws: RedisProtocolError.tooLong) { try Self.read("+abcdef", limits: limits) }
        #expect(throws: RedisProtocolError.tooLong) { try Self.read("+abcde\r\n", limits: limits) }
        #expect(throws: RedisProtocolError.tooLong) { try Self.read("*2\r\n$3\r\nabc\r\n$2\r\n", limits: limits) }
        #expect(throws: RedisProtocolError.tooLong) { try Self.read("*2\r\n+abc\r\n-de\r\n", limits: limits) }
        #expect(throws: Never.self) { try Self.read("+abc\r\n-de\r\n", limits: limits) }
        #expect(throws: Never.self) { try Self.read("$3\r\nabc\r\n$4\r\nabcd\r\n", limits: limits) }
    }

    @Test(arguments: [1000, 4093])
    func `a long stream is read while it comes, and what was read is dropped`(pieces: Int) throws {
        let count = 20_000
        let text = (0..<count).map { "*3\r\n:1\r\n:\($0)\r\n+ok\r\n" }.joined()
        let replies = try Self.read(text, pieces: pieces)
        #expect(replies.count == count)
        #expect(replies.last == .array([.integer(1), .integer(count - 1), .status("ok")]))
    }

    @Test func `a string is a copy of its own size`() throws {
        var reader = RedisReader()
        reader.append(ByteBuffer(string: "$3\r\nabc\r\n" + String(repeating: "+x\r\n", count: 10_000)))
        guard case .bytes(let bytes)? = try reader.next() else {
            Issue.record("no string")
            return
        }
        #expect(bytes.capacity <= 16)
    }
}
