import GatewayHTTP
import NIOCore
import NIOHPACK
import Testing

@testable import GatewayHTTP2

@Suite struct RequestEncoderTests {
    private struct Request {
        var headers: HPACKHeaders
        var hasBody: Bool
        var lines: [String] { self.headers.map { "\($0.name): \($0.value)" } }
    }

    /// Encodes a head. Nil if it is none.
    private func block(of head: [UInt8], with encoder: inout RequestEncoder) -> ByteBuffer? {
        guard head.withUnsafeBytes({ encoder.read($0) }) else { return nil }
        var block = ByteBuffer()
        head.withUnsafeBytes { encoder.write($0, to: &block) }
        return block
    }

    /// Encodes a head and decodes it with another implementation.
    private func request(_ head: String, _ scheme: RequestEncoder.Scheme = .http) throws -> Request? {
        var encoder = RequestEncoder(scheme: scheme)
        guard var block = self.block(of: Array(head.utf8), with: &encoder) else { return nil }
        var decoder = HPACKDecoder(allocator: ByteBufferAllocator())
        return Request(headers: try decoder.decodeHeaders(from: &block), hasBody: encoder.hasBody)
    }

    @Test func `a head becomes pseudo-fields and fields in lower case`() throws {
        let request = try #require(
            try self.request(
                "GET /a?b=c HTTP/1.1\r\nHost: a.example:81\r\nX-One: 1\r\nACCEPT: */*\r\nVia: 1.1 gateway\r\n\r\n"
            )
        )
        #expect(
            request.lines == [
                ":method: GET", ":scheme: http", ":authority: a.example:81", ":path: /a?b=c", "x-one: 1", "accept: */*",
                "via: 1.1 gateway",
            ]
        )
        #expect(!request.hasBody)
    }

    @Test(arguments: ["GET", "POST", "PUT", "OPTIONS", "PURGE", "GETX"]) func `every method arrives`(
        method: String
    ) throws {
        let request = try #require(try self.request("\(method) / HTTP/1.1\r\nHost: a\r\n\r\n"))
        #expect(request.lines == [":method: \(method)", ":scheme: http", ":authority: a", ":path: /"])
    }

    @Test func `the scheme is that of the target`() throws {
        let request = try #require(try self.request("GET / HTTP/1.1\r\nHost: a\r\n\r\n", .https))
        #expect(request.lines[1] == ":scheme: https")
    }

    @Test func `fields of the connection are dropped, and trailers are still accepted`() throws {
        let request = try #require(
            try self.request(
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: TE, x-hop, close\r\nX-Hop: 1\r\nKeep-Alive: timeout=3\r\n"
                    + "Proxy-Connection: close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\nTE: gzip, trailers\r\nA: b\r\n\r\n"
            )
        )
        #expect(request.lines.dropFirst(4) == ["te: trailers", "a: b"])
        let other = try #require(try self.request("GET / HTTP/1.1\r\nHost: a\r\nTE: gzip\r\n\r\n"))
        #expect(other.lines.count == 4)
    }

    @Test(arguments: [
        ("Content-Length: 3\r\n", true), ("Content-Length: 0\r\n", false), ("Transfer-Encoding: chunked\r\n", true),
        ("", false),
    ])
    func `a body follows if the head says so`(fields: String, hasBody: Bool) throws {
        let request = try #require(try self.request("POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"))
        #expect(request.hasBody == hasBody)
        #expect(!request.lines.contains { $0.hasPrefix("transfer-encoding") })
    }

    @Test func `a target without a path gets one, and the asterisk remains`() throws {
        let query = try #require(try self.request("GET ?a HTTP/1.1\r\nHost: a\r\n\r\n"))
        #expect(query.lines[3] == ":path: /?a")
        let empty = try #require(try self.request("GET  HTTP/1.1\r\nHost: a\r\n\r\n"))
        #expect(empty.lines[3] == ":path: /")
        let asterisk = try #require(try self.request("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"))
        #expect(asterisk.lines[3] == ":path: *")
    }

    @Test func `credentials are marked as never to be compressed`() throws {
        let request = try #require(
            try self.request("GET / HTTP/1.1\r\nHost: a\r\nCookie: a=b\r\nAuthorization: c\r\nAccept: d\r\n\r\n")
        )
        let never = request.headers.filter { if case .neverIndexed = $0.indexable { true } else { false } }.map(\.name)
        #expect(never == ["cookie", "authorization"])
    }

    @Test func `bytes that are not UTF-8 stay as they are`() throws {
        let value = [UInt8](0x80...0xFF)
        let head = Array("GET / HTTP/1.1\r\nHost: a\r\nX-A: ".utf8) + value + Array("\r\n\r\n".utf8)
        var encoder = RequestEncoder(scheme: .http)
        let block = try #require(self.block(of: head, with: &encoder))
        var decoder = FieldBlockDecoder()
        var values: [[UInt8]] = []
        try block.withUnsafeReadableBytes { try decoder.decode($0, limit: 10_000) { values.append(Array($0.value)) } }
        #expect(values.last == value)
    }

    @Test func `long values and many heads are encoded alike`() throws {
        var encoder = RequestEncoder(scheme: .http)
        var decoder = HPACKDecoder(allocator: ByteBufferAllocator())
        for length in [0, 1, 14, 126, 127, 128, 254, 255, 5_000] {
            let value = String(repeating: "v", count: length)
            let head = "GET /\(value) HTTP/1.1\r\nHost: a\r\nX-\(value): \(value)\r\n\r\n"
            var block = try #require(self.block(of: Array(head.utf8), with: &encoder))
            let headers = try decoder.decodeHeaders(from: &block)
            #expect(headers[":path"] == ["/\(value)"])
            #expect(headers["x-\(value)"] == [value])
        }
    }

    @Test(arguments: ["", "\r\n", "GET\r\n\r\n", "GET /\r\n\r\n"])
    func `what is no head is not encoded`(head: String) throws {
        #expect(try self.request(head)?.lines == nil)
    }
}
