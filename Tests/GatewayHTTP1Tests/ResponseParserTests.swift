import GatewayHTTP1
import NIOCore
import Testing

@testable import GatewayHTTP

struct ResponseParserTests {
    @Test(arguments: [
        ("HTTP/1.1 200 OK", ["1", "200", "OK"]), ("HTTP/1.0 404 Not Found", ["0", "404", "Not Found"]),
        ("HTTP/1.1 200 ", ["1", "200", ""]), ("HTTP/1.7 599 \tx\u{7E}", ["1", "599", "\tx~"]),
        ("HTTP/1.1 100  two spaces ", ["1", "100", " two spaces "]),
    ])
    func `RFC 9112 section 4: version, status and reason are parsed`(line: String, start: [String]) throws {
        let message = try #require(Transcript.responses("\(line)\r\nContent-Length: 0\r\n\r\n").messages.first)
        #expect(message.start == start)
    }

    @Test(arguments: [
        "HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1 200", "HTTP/1.1  200 OK", "HTTP/1.1 20 OK", "HTTP/1.1 2000 OK",
        "HTTP/1.1 099 OK",
        "HTTP/1.1 000 OK", "HTTP/1.1 600 OK", "HTTP/1.1 999 OK", "HTTP/1.1 2a0 OK", "HTTP/1.1 -20 OK",
        "HTTP/1.1\t200 OK",
        "HTTP/1.1 200\tOK", "HTTP/1.1 200 O\u{0}K", "HTTP/1.1 200 O\u{7F}K", "HTTP/1.1 200 O\rK", "HTTP/1.1 200 OK\r",
        "http/1.1 200 OK", "HTTP/1.10 200 OK", "HTTP/1 200 OK", "HTTP 200 OK", "HTTPS/1.1 200 OK", " HTTP/1.1 200 OK",
        "ICY 200 OK", "", "hello", "<html>", "\u{80}",
    ])
    func `RFC 9112 section 4: a malformed status line is rejected`(line: String) {
        let transcript = Transcript.responses("\(line)\r\nContent-Length: 0\r\n\r\n")
        #expect(transcript.messages.isEmpty)
        #expect(transcript.failure == .malformed)
    }

    @Test(arguments: ["0.9", "2.0", "9.0"])
    func `RFC 9112 section 2.3: another major version is a separate error`(version: String) {
        #expect(Transcript.responses("HTTP/\(version) 200 OK\r\n\r\n").failure == .unsupportedVersion)
    }

    @Test func `a response without a head is rejected at its first byte`() {
        #expect(Transcript.responses("h").failure == .malformed)
        #expect(Transcript.responses("\r").failure == .malformed)
    }

    @Test(
        arguments: [
            (.get, 200, "Content-Length: 5\r\n", .length(5), true),
            (.get, 200, "Content-Length: 0\r\n", .none, true),
            (.get, 200, "Transfer-Encoding: chunked\r\n", .chunked, true),
            (.get, 200, "", .untilClose, false),
            (.get, 404, "Connection: keep-alive\r\n", .untilClose, false),
            (.post, 205, "Content-Length: 0\r\n", .none, true),
            (.get, 206, "Content-Length: 7\r\n", .length(7), true),
            (.head, 200, "Content-Length: 5\r\n", .none, true),
            (.head, 200, "Transfer-Encoding: chunked\r\n", .none, true),
            (.head, 200, "", .none, true),
            (.head, 500, "Connection: close\r\n", .none, false),
            (.get, 304, "Content-Length: 5\r\n", .none, true),
            (.get, 304, "Transfer-Encoding: chunked\r\n", .none, true),
            (.get, 304, "", .none, true),
            (.get, 204, "", .none, true),
            (.get, 204, "Content-Length: 0\r\n", .none, true),
            (.get, 100, "", .none, true),
            (.get, 101, "Connection: upgrade\r\nUpgrade: websocket\r\n", .none, true),
            (.get, 103, "Link: </a>\r\n", .none, true),
            (.delete, 199, "", .none, true),
        ] as [(GatewayHTTP.Method, Int, String, BodyFraming, Bool)]
    )
    func `RFC 9112 section 6.3: method, status and fields decide whether there is a body`(
        method: GatewayHTTP.Method,
        status: Int,
        fields: String,
        framing: BodyFraming,
        keepAlive: Bool
    ) throws {
        let text = "HTTP/1.1 \(status) \r\n\(fields)\r\n"
        let message = try #require(Transcript.responses(text, answering: method).messages.first)
        #expect(message.framing == framing)
        #expect(message.keepAlive == keepAlive)
    }

    @Test(arguments: [100, 103, 204], ["Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"])
    func `RFC 9112 section 6.1: a declared body on a bodiless response prevents connection reuse`(
        status: Int,
        fields: String
    ) throws {
        let message = try #require(Transcript.responses("HTTP/1.1 \(status) \r\n\(fields)\r\n").messages.first)
        #expect(message.framing == .none)
        #expect(!message.keepAlive)
    }

    @Test func `RFC 9110 section 15.2: interim responses precede the final one`() {
        let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
        let transcript = Transcript.responses(interim + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        #expect(transcript.messages.map { $0.start[1] } == ["100", "103", "200"])
        #expect(transcript.messages.last?.text == "ok")
        var head = ResponseHead()
        head.status = 199
        #expect(head.isInformational == true)
        head.status = 200
        #expect(head.isInformational == false)
    }

    @Test func `RFC 9112 section 8: a response that is cut off is incomplete`() {
        for text in [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "HTTP/1.1 200 OK\r\n",
        ] {
            let transcript = Transcript.responses(text)
            #expect(transcript.failure == .truncated)
            #expect(transcript.messages.allSatisfy { !$0.isComplete })
        }
    }

    @Test func `RFC 9112 section 6.3: without a declared length the end of the connection ends the body`() throws {
        let message = try #require(
            Transcript.responses("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n").messages.first
        )
        #expect(message.text == "HTTP/1.1 200 OK\r\n\r\n")
        #expect(message.isComplete)
    }

    @Test func `a reused head keeps nothing of the previous message`() throws {
        var parser = ResponseParser(limits: Examples.limits)
        var head = ResponseHead()
        var buffer = ByteBuffer(
            string:
                "HTTP/1.0 404 Not Found\r\nX: y\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 \r\nContent-Length: 1\r\n\r\n"
        )
        #expect(try parser.parse(&buffer, into: &head, answering: .get))
        #expect(try parser.parse(&buffer, into: &head, answering: .get))
        #expect(head.status == 200)
        #expect(head.minorVersion == 1)
        #expect(head.reason?.isEmpty == true)
        #expect(head.headers.count == 1)
        #expect(head.framing == .length(1))
        #expect(head.keepAlive == true)
    }

    @Test(arguments: ["OK", "", "No Such Widget", " ", "a\tb", "\u{e9}"])
    func `RFC 9112 section 4: a reason phrase is written as received`(phrase: String) throws {
        var parser = ResponseParser(limits: Examples.limits)
        var head = ResponseHead()
        var buffer = ByteBuffer(string: "HTTP/1.1 404 \(phrase)\r\nX: y\r\n\r\n")
        #expect(try parser.parse(&buffer, into: &head, answering: .get))
        #expect(self.statusLine(head) == "HTTP/1.1 404 \(phrase)\r\n")
        head.headers.remove(HeaderName("X"))
        #expect(self.statusLine(head) == "HTTP/1.1 404 \(phrase)\r\n")
        // A status set by the gateway has the standard phrase.
        head.status = 404
        #expect(self.statusLine(head) == "HTTP/1.1 404 Not Found\r\n")
    }

    private func statusLine(_ head: borrowing ResponseHead) -> String {
        var output = ByteBuffer()
        output.writeHead(room: 0) { $0.writeStatusLine(of: head) }
        return String(buffer: output)
    }
}
