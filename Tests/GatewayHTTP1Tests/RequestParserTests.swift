import GatewayHTTP1
import NIOCore
import Testing

@testable import GatewayHTTP

struct RequestParserTests {
    // MARK: Request line

    @Test(
        arguments: [
            ("GET / HTTP/1.1", .get, 1), ("HEAD /a?b=c&d HTTP/1.1", .head, 1), ("POST /%2e%2E/ HTTP/1.0", .post, 0),
            ("M-SEARCH / HTTP/1.1", .other, 1), ("!#$%&'*+-.^_`|~09aZ / HTTP/1.1", .other, 1),
            ("get / HTTP/1.1", .other, 1),
            ("GET / HTTP/1.9", .get, 1), ("PATCH /\"<>\\^`{|} HTTP/1.1", .patch, 1),
        ] as [(String, GatewayHTTP.Method, UInt8)]
    )
    func `RFC 9112 section 3: method, target and version are parsed`(
        line: String,
        method: GatewayHTTP.Method,
        minor: UInt8
    ) throws {
        let message = try #require(Transcript.requests("\(line)\r\nHost: a\r\n\r\n").messages.first)
        let parts = line.split(separator: " ").map(String.init)
        #expect(message.start[...3] == ["\(method)", parts[0], parts[1], parts[1]])
        #expect(message.start[5] == "\(minor)")
    }

    @Test(arguments: [
        "", " ", "GET", "GET ", "GET /", "GET / ", "GET  / HTTP/1.1", "GET /  HTTP/1.1", "GET / HTTP/1.1 ",
        " GET / HTTP/1.1", "GET\t/ HTTP/1.1", "GET /\tHTTP/1.1", "GET / HTTP/1.1\t", "GE(T / HTTP/1.1",
        "GET: / HTTP/1.1",
        "G\u{e9}T / HTTP/1.1", "G\u{0}T / HTTP/1.1", "GET /a b HTTP/1.1", "GET /a\u{7F} HTTP/1.1",
        "GET /a\u{0} HTTP/1.1",
        "GET /caf\u{e9} HTTP/1.1", "GET /a#b HTTP/1.1", "GET / http/1.1", "GET / HTTP/1", "GET / HTTP/1.",
        "GET / HTTP/1.10",
        "GET / HTTP/11.1", "GET / HTTP/01.1", "GET / HTTP/1,1", "GET / HTTP/a.1", "GET / HTTP/1.a", "GET / HTTPS/1.1",
        "GET / ICY/1.1", "GET / HTTP /1.1", "GET /\rHTTP/1.1", "GET / HTTP/1.1\r",
    ])
    func `RFC 9112 section 3: a malformed request line is rejected`(line: String) {
        let transcript = Transcript.requests("\(line)\r\nHost: a\r\n\r\n")
        #expect(transcript.messages.isEmpty)
        #expect(transcript.failure == .malformed)
    }

    @Test(arguments: ["0.9", "2.0", "3.0", "9.9", "0.0"])
    func `RFC 9110 section 15.6.6: another major version is a separate error`(version: String) {
        #expect(Transcript.requests("GET / HTTP/\(version)\r\nHost: a\r\n\r\n").failure == .unsupportedVersion)
    }

    @Test(arguments: ["\u{16}\u{3}\u{1}", "\u{80}", "\u{0}", " ", "(", "\n", "\t"])
    func `a first byte that cannot start a method is rejected at once`(noise: String) {
        #expect(Transcript.requests(noise).failure == .malformed)
    }

    // MARK: Empty lines

    @Test func `RFC 9112 section 2.2: one empty line before a request line is ignored`() {
        let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        #expect(Transcript.requests("\r\n" + request).messages == Transcript.requests(request).messages)
        #expect(Transcript.requests(request + "\r\n" + request).messages.count == 2)
        #expect(Transcript.requests(request + "\r\n").failure == nil)
        #expect(Transcript.requests("\r\n\r\n" + request).failure == .malformed)
        #expect(Transcript.requests("\n" + request).failure == .malformed)
        #expect(Transcript.requests("\rX" + request).failure == .malformed)
    }

    @Test func `a connection that ends between messages ends cleanly`() {
        let parser = RequestParser(limits: Examples.limits)
        #expect(parser.isBetweenMessages(ByteBuffer()))
        #expect(!parser.isBetweenMessages(ByteBuffer(string: "G")))
    }

    // MARK: Host

    @Test(arguments: [
        "a", "a:80", "a:", "a:65535", "A.example.", "127.0.0.1", "[::1]", "[::1]:8080", "[::ffff:1.2.3.4]", "a_b",
        "a%20b",
        "xn--caf-dma.example", "!$&'()*+;=~-._",
    ])
    func `RFC 9112 section 3.2: a Host is uri-host and port`(host: String) throws {
        let message = try #require(Transcript.requests("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n").messages.first)
        #expect(message.start[4] == host)
    }

    @Test(arguments: [
        "", ":80", "a:65536", "a:99999999999999999999", "a:80:80", "a:x", "a b", "a/b", "a?b", "a#b", "u@a", "a\u{e9}",
        "a\\b",
        "[::1", "[]", "[1]", "[:]", "::1", "[::g]", "[::1]x", "[::1]:x", "[fe80::1%25eth0]", "a%", "a%2", "a%zz",
        "a,b\"",
        "http://a", "a\tb", "a, b", "<a>", "{a}", "a|b", "a^b", "`a`",
    ])
    func `RFC 9112 section 3.2: an invalid Host is rejected`(host: String) {
        #expect(Transcript.requests("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n").failure == .malformed)
        #expect(Transcript.requests("GET / HTTP/1.0\r\nHost: \(host)\r\n\r\n").failure == .malformed)
    }

    @Test func `RFC 9112 section 3.2: HTTP 1.1 has one Host, HTTP 1.0 one or none`() throws {
        #expect(Transcript.requests("GET / HTTP/1.1\r\n\r\n").failure == .malformed)
        #expect(Transcript.requests("GET / HTTP/1.1\r\nX: a\r\n\r\n").failure == .malformed)
        for minor in 0...1 {
            #expect(Transcript.requests("GET / HTTP/1.\(minor)\r\nHost: a\r\nhost: a\r\n\r\n").failure == .malformed)
            #expect(Transcript.requests("GET / HTTP/1.\(minor)\r\nHost: a\r\nHOST: b\r\n\r\n").failure == .malformed)
        }
        let message = try #require(Transcript.requests("GET / HTTP/1.0\r\n\r\n").messages.first)
        #expect(message.start[4] == "")
    }

    // MARK: Expect

    @Test(arguments: [
        ("HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1", true),
        ("HTTP/1.1\r\nHost: a\r\nexpect: 100-CONTINUE\r\nTransfer-Encoding: chunked", true),
        ("HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nExpect: other\r\nContent-Length: 1", true),
        ("HTTP/1.1\r\nHost: a\r\nExpect: 100-continue", false),
        ("HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0", false),
        ("HTTP/1.1\r\nHost: a\r\nExpect: 100\r\nContent-Length: 1", false),
        ("HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1", false),
    ])
    func `RFC 9110 section 10.1.1: Expect needs a body and HTTP 1.1`(rest: String, expects: Bool)
        throws
    {
        let message = try #require(Transcript.requests("POST / \(rest)\r\n\r\n").messages.first)
        #expect(message.start[6] == (expects ? "expects" : ""))
    }

    // MARK: Reuse

    @Test func `a reused head keeps nothing of the previous message`() throws {
        var parser = RequestParser(limits: Examples.limits)
        var head = RequestHead()
        var first = ByteBuffer(
            string: "POST http://b/x HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\nX: y\r\n\r\n"
        )
        #expect(try parser.parse(&first, into: &head))
        var second = ByteBuffer(string: "GET / HTTP/1.1\r\nHost: c\r\n\r\nrest")
        #expect(try parser.parse(&second, into: &head))
        #expect(Transcript.Message(head) == Transcript.requests("GET / HTTP/1.1\r\nHost: c\r\n\r\n").messages[0].open)
        #expect(String(buffer: second) == "rest")
    }

    @Test func `an incomplete head stays in the buffer`() throws {
        var parser = RequestParser(limits: Examples.limits)
        var head = RequestHead()
        var buffer = ByteBuffer(string: "GET / HTTP/1.1\r\nHost: a\r\n")
        #expect(try !parser.parse(&buffer, into: &head))
        #expect(buffer.readableBytes == 25)
        buffer.writeString("\r\n")
        #expect(try parser.parse(&buffer, into: &head))
        #expect(buffer.readableBytes == 0)
    }
}

extension Transcript.Message {
    /// The message before its body was read.
    fileprivate var open: Self {
        var message = self
        message.isComplete = false
        return message
    }
}
