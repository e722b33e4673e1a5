import GatewayHTTP1
import NIOCore
import Testing

@testable import GatewayHTTP

struct BodyDecoderTests {
    private func chunked(_ body: String) -> Transcript {
        Transcript.requests("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(body)")
    }

    @Test(arguments: [
        ("0\r\n\r\n", ""), ("5\r\nhello\r\n0\r\n\r\n", "hello"), ("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", "abc"),
        ("00005\r\nhello\r\n000\r\n\r\n", "hello"), ("a\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        ("A\r\n0123456789\r\n0\r\n\r\n", "0123456789"), ("2\r\n\r\n\r\n0\r\n\r\n", "\r\n"),
        ("1;a=b;c=\"d \te\"\r\nx\r\n0;last\r\n\r\n", "x"), ("5\r\n0\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n"),
    ])
    func `RFC 9112 section 7.1: chunks are joined`(body: String, text: String) throws {
        let message = try #require(self.chunked(body).messages.first)
        #expect(message.isComplete)
        #expect(message.text == text)
        #expect(message.trailers == nil)
    }

    @Test(arguments: [
        "\r\n", "x\r\n", "-1\r\n", "+1\r\nx", "0x1\r\nx", " 1\r\nx", "1 \r\nx", "1\t\r\nx", "1,\r\nx",
        "1\nx\r\n0\r\n\r\n",
        "1\r\nx\n0\r\n\r\n", "1\rx", "1\r\nx\rx", "1\r\nxx\r\n", "1\r\nx0\r\n\r\n", ";a\r\nx", "g\r\n", "1_0\r\n",
        "1.0\r\n",
        "10000000000000000\r\n",
        "FFFFFFFFFFFFFFFF\r\n",
        "0000000000000001\r\nx", "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF\r\n", "0\r\n\n", "0\r\n\rX\r\n\r\n",
        "\u{ff11}\r\nx",
    ])
    func `RFC 9112 section 7.1: an invalid chunk is rejected`(body: String) {
        let transcript = self.chunked(body)
        #expect(transcript.failure == .malformed)
        #expect(!transcript.messages[0].isComplete)
    }

    @Test func `a chunk size may have 15 hexadecimal digits`() throws {
        let transcript = self.chunked("FFFFFFFFFFFFFFF\r\nsome of it")
        #expect(transcript.messages.first?.text == "some of it")
        #expect(transcript.failure == .truncated)
    }

    @Test(arguments: [(254, nil), (255, .malformed), (5000, .malformed)] as [(Int, MessageError.Code?)])
    func `a chunk line may have at most 256 bytes`(count: Int, failure: MessageError.Code?) {
        let line = "1;" + String(repeating: "e", count: count)
        #expect(self.chunked("\(line)\r\nx\r\n0\r\n\r\n").failure == failure)
        #expect(self.chunked(line).failure == failure ?? .truncated)
    }

    @Test(arguments: [
        ("X: y\r\n", [["X", "y"]]),
        ("Grpc-Status: 0\r\ngrpc-message:\r\n", [["Grpc-Status", "0"], ["grpc-message", ""]]),
        ("Server-Timing: a\r\nETag: \"x\"\r\n", [["Server-Timing", "a"], ["ETag", "\"x\""]]),
    ])
    func `RFC 9112 section 7.1.2: trailers are kept`(section: String, trailers: [[String]]) {
        #expect(self.chunked("1\r\nx\r\n0\r\n\(section)\r\n").messages[0].trailers == trailers)
    }

    @Test(arguments: [
        "Transfer-Encoding: chunked", "Content-Length: 5", "Host: b", "Connection: close", "Trailer: X", "TE: gzip",
        "Upgrade: h2c", "HTTP2-Settings: x", "Keep-Alive: 1", "Proxy-Connection: x", "Proxy-Authorization: x",
        "Authorization: Basic x", "Cookie: a=b", "Set-Cookie: a=b", "Content-Type: text/html", "Content-Encoding: br",
        "Content-Range: bytes 0-1/2", "Cache-Control: public", "Expect: 100-continue", "Range: bytes=0-", "If-Match: *",
        "Location: /", "Vary: *", "Max-Forwards: 1", "X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https",
        "X-Forwarded-Host: b", "X-Real-IP: 1.2.3.4", "Forwarded: for=x", "X-CSP-Nonce: x", "X-Request-ID: x",
        "X-Request-Timeout-Ms: 1", "x-ReQuEsT-id: x",
    ])
    func `RFC 9110 section 6.5.1: trailers for framing, routing or authentication are dropped`(line: String) {
        #expect(self.chunked("0\r\n\(line)\r\n\r\n").messages[0].trailers == nil)
        #expect(
            self.chunked("0\r\nX: y\r\n\(line)\r\nZ: z\r\n\r\n").messages[0].trailers == [["X", "y"], ["Z", "z"]]
        )
    }

    @Test(arguments: ["X : y", "X", " X: y", ": y", "X: a\u{0}", "X: a\r\n b", "X: a\rb"])
    func `RFC 9112 section 7.1.2: a trailer section is parsed as strictly as a header section`(lines: String) {
        #expect(self.chunked("0\r\n\(lines)\r\n\r\n").failure == .malformed)
    }

    @Test func `a trailer section has the limits of a header section`() {
        let prefix = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
        for section in [String(repeating: "X:\r\n", count: 9), "X: \(String(repeating: "y", count: 252))\r\n"] {
            #expect(Transcript.requests("\(prefix)\(section)\r\n", limits: Examples.limits).failure == .headersTooLarge)
        }
        for section in [String(repeating: "X:\r\n", count: 8), "X: \(String(repeating: "y", count: 251))\r\n"] {
            #expect(Transcript.requests("\(prefix)\(section)\r\n", limits: Examples.limits).failure == nil)
        }
    }

    @Test(arguments: [BodyFraming.length(3), .chunked, .none, .untilClose])
    func `the end of input ends only a body that is delimited by it`(framing: BodyFraming) throws {
        var decoder = BodyDecoder(framing, limits: HTTP1Limits())
        let mayEnd = framing == .none || framing == .untilClose
        #expect(decoder.isEnded == (framing == .none))
        if mayEnd {
            try decoder.endOfInput()
            #expect(decoder.isEnded)
        } else {
            #expect(throws: MessageError.self) { try decoder.endOfInput() }
        }
    }

    @Test func `a body of known length does not consume the bytes after it`() throws {
        var decoder = BodyDecoder(.length(3), limits: HTTP1Limits())
        var buffer = ByteBuffer(string: "abcdef")
        guard case .bytes(let piece) = try decoder.next(&buffer) else {
            Issue.record("no bytes")
            return
        }
        #expect(String(buffer: piece) == "abc")
        #expect(decoder.isEnded)
        guard case .end = try decoder.next(&buffer) else {
            Issue.record("no end")
            return
        }
        #expect(String(buffer: buffer) == "def")
    }

    @Test func `a length of zero or less means no body`() {
        #expect(BodyDecoder(.length(0), limits: HTTP1Limits()).isEnded)
        #expect(BodyDecoder(.length(-1), limits: HTTP1Limits()).isEnded)
    }
}
