import GatewayHTTP1
import Testing

@testable import GatewayHTTP

struct FramingFieldsTests {
    private func request(_ fields: String, minor: Int = 1) -> Transcript {
        Transcript.requests("POST / HTTP/1.\(minor)\r\nHost: a\r\n\(fields)\r\n")
    }

    private func response(_ fields: String, minor: Int = 1) -> Transcript {
        Transcript.responses("HTTP/1.\(minor) 200 OK\r\n\(fields)\r\n")
    }

    @Test(
        arguments: [
            ("", .none), ("Content-Length: 0\r\n", .none), ("Content-Length: 5\r\n", .length(5)),
            ("content-length:0005\r\n", .length(5)), ("Content-Length: \t5 \t\r\n", .length(5)),
            ("Content-Length: 9223372036854775807\r\n", .length(.max)), ("Transfer-Encoding: chunked\r\n", .chunked),
            ("transfer-encoding:CHUNKED\r\n", .chunked), ("Content-Lengths: 5\r\n", .none),
            ("Content_Length: 5\r\nTransfer_Encoding: chunked\r\n", .none),
        ] as [(String, BodyFraming)]
    )
    func `RFC 9112 section 6.3: the fields determine the length of the body`(
        fields: String,
        framing: BodyFraming
    ) {
        #expect(self.request(fields).messages.first?.framing == framing)
    }

    @Test(arguments: [
        "", "-1", "+1", "1.0", "0x5", "5 5", "5,5", "5, 6", "5;", "a", "9223372036854775808", "18446744073709551621",
        "99999999999999999999999999", "\u{b5}", "1e3", "1_000",
    ])
    func `RFC 9110 section 8.6: a malformed Content-Length is rejected`(value: String) {
        #expect(self.request("Content-Length: \(value)\r\n").failure == .malformed)
        #expect(self.response("Content-Length: \(value)\r\n").failure == .malformed)
    }

    @Test(arguments: ["5", "6", "0"])
    func `RFC 9112 section 6.3: more than one Content-Length is rejected`(second: String) {
        let fields = "Content-Length: 5\r\nX: y\r\ncontent-length: \(second)\r\n"
        #expect(self.request(fields).failure == .malformed)
        #expect(self.response(fields).failure == .malformed)
    }

    @Test func `RFC 9112 section 6.1: Content-Length with Transfer-Encoding is rejected`() {
        for length in [0, 5] {
            for fields in [
                "Content-Length: \(length)\r\nTransfer-Encoding: chunked\r\n",
                "Transfer-Encoding: chunked\r\nContent-Length: \(length)\r\n",
            ] {
                #expect(self.request(fields).failure == .malformed)
                #expect(self.response(fields).failure == .malformed)
            }
        }
    }

    @Test(arguments: [
        "", "identity", "gzip", "chunked, gzip", "chunked, chunked", "chunked,", ", chunked", "xchunked",
        "chunked;q=1", "\"chunked\"", "chunked x", "chunke\u{212A}d", "\u{b}chunked",
        "chunked\r\nTransfer-Encoding: chunked", "chunked\r\nTransfer-Encoding: identity",
        "gzip,, chunked", "gzip, chunked,", "gzip, chunked, chunked", "gzip, chunked, br", "gzip chunked",
        "gzip, chunked x",
        "gzip;, chunked", "gzip;a, chunked", "gzip;a=, chunked", "gzip;a=\"b, chunked", "gzip;a=b c, chunked",
        "gzip, chunked;q=1", "g@zip, chunked", "\"gzip\", chunked", "gzip\r\nTransfer-Encoding: br",
        "gzip\r\nTransfer-Encoding:\r\nTransfer-Encoding: chunked",
        "gzip, chunked\r\nTransfer-Encoding: chunked", "gzip, chunked\r\nContent-Length: 5",
    ])
    func `RFC 9112 section 6.1: a Transfer-Encoding without one chunked at its end is rejected`(value: String) {
        #expect(self.request("Transfer-Encoding: \(value)\r\n").failure == .malformed)
        #expect(self.response("Transfer-Encoding: \(value)\r\n").failure == .malformed)
    }

    @Test(arguments: [
        "gzip, chunked", "GZIP,CHUNKED", "gzip \t, \tchunked", "identity, chunked", "xchunked, chunked",
        "gzip, deflate, br, chunked", "gzip;q=1, chunked", "gzip ; q = 1;\tx=\"a, \\\" \\b\" ,chunked \t",
        "gzip\r\nTransfer-Encoding: chunked", "gzip\r\nX: y\r\ntransfer-encoding: br, chunked",
    ])
    func `RFC 9112 section 6.1: a coding before chunked is valid, but not implemented`(value: String) {
        #expect(self.request("Transfer-Encoding: \(value)\r\n").failure == .unsupportedCoding)
        #expect(self.response("Transfer-Encoding: \(value)\r\n").failure == .unsupportedCoding)
        #expect(self.request("Transfer-Encoding: \(value)\r\n", minor: 0).failure == .malformed)
        #expect(self.request("Transfer-Encoding: \(value)\r\nHost: b\r\n").failure == .malformed)
    }

    @Test(arguments: [
        ("0", "0"), ("5", "5"), ("10", "10"), ("00", "0"), ("05", "5"), ("010", "10"), ("0000100", "100"),
    ])
    func `RFC 9110 section 8.6: a forwarded length has no leading zeros`(value: String, length: String) {
        let fields = "Content-Length: \(value)\r\n"
        #expect(self.request(fields).messages.first?.fields.last == ["Content-Length", length])
        #expect(self.response(fields).messages.first?.fields == [["Content-Length", length]])
    }

    @Test func `RFC 9112 section 6.1: Transfer-Encoding in HTTP 1.0 is rejected`() {
        #expect(self.request("Transfer-Encoding: chunked\r\n", minor: 0).failure == .malformed)
        #expect(self.response("Transfer-Encoding: chunked\r\n", minor: 0).failure == .malformed)
    }

    @Test(arguments: [
        ("", 1, true), ("", 0, false), ("Connection: close\r\n", 1, false), ("Connection: Close\r\n", 1, false),
        ("Connection: keep-alive\r\n", 0, true), ("Connection: Keep-Alive\r\n", 1, true),
        ("Connection: keep-alive, close\r\n", 1, false), ("Connection: keep-alive, close\r\n", 0, false),
        ("Connection: x ,\tclose , y\r\n", 1, false), ("Connection: x\r\nConnection: close\r\n", 1, false),
        ("Connection: closed\r\n", 1, true), ("Connection: x-close\r\n", 1, true), ("Connection:\r\n", 1, true),
        ("Connection: ,,\r\n", 0, false), ("Keep-Alive: timeout=5\r\n", 0, false), ("Connection: upgrade\r\n", 1, true),
        ("Proxy-Connection: keep-alive\r\n", 0, false),
    ])
    func `RFC 9112 section 9.3: Connection and the version decide whether the connection is kept`(
        fields: String,
        minor: Int,
        keepAlive: Bool
    ) {
        #expect(self.request(fields, minor: minor).messages.first?.keepAlive == keepAlive)
        #expect(self.response("Content-Length: 0\r\n" + fields, minor: minor).messages.first?.keepAlive == keepAlive)
    }
}
