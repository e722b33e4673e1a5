import Foundation
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore

/// An exchange with given values.
private struct RecordedExchange: AccessLogSource {
    var texts: [AccessLogText: [UInt8]] = [:]
    var accessLogLevel = AccessLogLevel.info
    var accessLogStatus: Int?
    var accessLogBytesIn: UInt64?
    var accessLogBytesOut: UInt64?
    var accessLogDuration = TimeAmount.nanoseconds(0)
    var accessLogFirstByte: TimeAmount?
    var accessLogUpstreamTime: TimeAmount?
    var accessLogAttempts = 0
    var accessLogTLS: AccessLogTLS?
    var tries: [(target: String, failure: String)] = []

    func withTries(_ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void) {
        for (target, failure) in self.tries {
            Array(target.utf8).withUnsafeBytes { target in Array(failure.utf8).withUnsafeBytes { body(target, $0) } }
        }
    }

    func withBytes(of text: AccessLogText, _ body: (UnsafeRawBufferPointer) -> Void) {
        texts[text]?.withUnsafeBytes(body)
    }

    func line(_ style: AccessLogStyle) -> String {
        var format = AccessLogFormat(style)
        var buffer = ByteBuffer()
        format.write(self, time: 784_111_777_123, into: &buffer)
        return String(buffer: buffer)
    }

    /// A value for every field. The value of a text is its key.
    static var full: RecordedExchange {
        var exchange = RecordedExchange()
        for text in AccessLogText.allCases { exchange.texts[text] = Array("\(text.key)".utf8) }
        exchange.accessLogStatus = 200
        exchange.accessLogBytesIn = 12
        exchange.accessLogBytesOut = .max
        exchange.accessLogDuration = .microseconds(12_345)
        exchange.accessLogFirstByte = .nanoseconds(7_999)
        exchange.accessLogUpstreamTime = .seconds(2)
        exchange.accessLogAttempts = 3
        exchange.accessLogTLS = AccessLogTLS(
            version: "1.3",
            cipher: "TLS_AES_128_GCM_SHA256",
            serverName: "a.example",
            clientSubject: "CN=ann",
            isResumed: true
        )
        exchange.tries = [("a:1", "refused"), ("", "503"), ("b:2", "")]
        return exchange
    }
}

struct AccessLogFormatTests {
    @Test func `all fields are written in the order of the manual`() {
        let expected = """
            {"time":"1994-11-06T08:49:37.123Z","level":"info","request_id":"request_id","trace_id":"trace_id",\
            "client_ip":"client_ip","consumer":"consumer","method":"method","host":"host","path":"path","query":"query",\
            "protocol":"protocol","route":"route","status":200,"code":"code","bytes_in":12,\
            "bytes_out":18446744073709551615,"duration_ms":12.345,"first_byte_ms":0.007,"upstream":"upstream",\
            "target":"target","reason":"reason","upstream_ms":2000.000,"attempts":3,\
            "tries":[{"target":"a:1","failure":"refused"},{"failure":"503"},{"target":"b:2"}],"end":"end","cache":"cache",\
            "encoding":"encoding","rate_limit":"rate_limit","auth":"auth","user_agent":"user_agent","referer":"referer",\
            "tls":{"version":"1.3","cipher":"TLS_AES_128_GCM_SHA256","sni":"a.example","client_subject":"CN=ann","resumed":true}}
            """
        #expect(RecordedExchange.full.line(.json) == expected)
    }

    @Test func `a handshake without a name and a certificate has neither in the log`() {
        var exchange = RecordedExchange()
        exchange.accessLogTLS = AccessLogTLS(version: "1.2", cipher: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")
        let expected = #","tls":{"version":"1.2","cipher":"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256","resumed":false}}"#
        #expect(exchange.line(.json).hasSuffix(expected))
        exchange.accessLogTLS?.clientSubject = #"CN="a"\n"#
        #expect(exchange.line(.json).contains(#""client_subject":"CN=\"a\"\\n","resumed""#))
    }

    @Test func `absent values are omitted`() {
        var exchange = RecordedExchange()
        exchange.accessLogLevel = .warning
        exchange.accessLogDuration = .nanoseconds(-5)
        #expect(exchange.line(.json) == #"{"time":"1994-11-06T08:49:37.123Z","level":"warning","duration_ms":0.000}"#)
        #expect(exchange.line(.text(.init())) == "1994-11-06T08:49:37.123Z ---    0.0ms ")
    }

    @Test func `the text format starts with the request`() {
        var exchange = RecordedExchange()
        exchange.accessLogStatus = 404
        exchange.texts = [
            .method: Array("GET".utf8), .host: Array("a.example".utf8), .path: Array("/x y\u{1B}[2J".utf8),
            .query: Array("a=1&token=t".utf8), .userAgent: Array("\"me\"".utf8),
        ]
        let expected =
            #"1994-11-06T08:49:37.123Z 404    0.0ms GET a.example/x\x20y\x1b[2J?a=1&token=[redacted]"#
        #expect(exchange.line(.text(.init())) == expected)
    }

    /// Typical values: a browser of a logged-in user of a documented API.
    private static var usual: RecordedExchange {
        var exchange = RecordedExchange.full
        exchange.texts = [
            .method: Array("DELETE".utf8), .host: Array("api.example.com".utf8),
            .path: Array("/v1/organizations/7f3a/members/42".utf8), .query: Array("notify=é&reason=left".utf8),
            .route: Array("members".utf8), .clientIP: Array("203.0.113.198".utf8), .requestID: Array("0192-7".utf8),
            .end: Array("complete".utf8), .upstream: Array("api".utf8), .userAgent: Array("curl/8".utf8),
        ]
        exchange.accessLogAttempts = 1
        return exchange
    }

    @Test func `a text line shows more than one try`() {
        var exchange = Self.usual
        exchange.accessLogAttempts = 3
        #expect(exchange.line(.text(.init())).hasSuffix(" 203.0.113.198 tries=3"))
    }

    @Test func `a text line fits a terminal, and a file contains the complete target`() {
        let line = Self.usual.line(.text(.init(isTerminal: true)))
        #expect(
            line
                == "08:49:37.123 200   12.3ms DELETE api.example.com/v1/organizations/7f3a/members/4… members 203.0.113.198"
        )
        #expect(line.count <= 100 + "members".count)
        #expect(Self.usual.line(.text(.init())).contains("/42?notify=é&reason=left members"))
    }

    @Test(arguments: [43, 44, 45, 46, 47, 48, 49])
    func `a target is never cut within a character`(length: Int) {
        var exchange = Self.usual
        exchange.texts[.host] = nil
        exchange.texts[.query] = nil
        exchange.texts[.path] = Array(("/" + String(repeating: "x", count: length) + "éü/rest of the path").utf8)
        let line = exchange.line(.text(.init(isTerminal: true)))
        #expect(!line.contains("\u{FFFD}"))
        #expect(line.contains("… members"))
    }

    @Test func `a failure is written with its reason and the request ID`() {
        var exchange = Self.usual
        exchange.accessLogStatus = 502
        exchange.accessLogLevel = .warning
        exchange.texts[.code] = Array("upstream_unreachable".utf8)
        exchange.texts[.reason] = Array("refused".utf8)
        exchange.texts[.target] = Array("10.0.0.7:9001".utf8)
        let line = exchange.line(.text(.init(isTerminal: true)))
        #expect(line.hasSuffix(" 203.0.113.198 upstream_unreachable refused 10.0.0.7:9001 0192-7"))
        exchange.texts[.code] = nil
        exchange.accessLogStatus = nil
        #expect(exchange.line(.text(.init())).contains(" --- "))
        #expect(exchange.line(.text(.init())).hasSuffix(" 203.0.113.198 complete refused 10.0.0.7:9001 0192-7"))
    }

    @Test(arguments: [(200, "32"), (304, "36"), (404, "33"), (499, "33"), (500, "31"), (503, "31")])
    func `the status has the color of its class, if colors are enabled`(status: Int, color: String) {
        var exchange = Self.usual
        exchange.accessLogStatus = status
        #expect(
            exchange.line(.text(.init(isTerminal: true, isColored: true))).contains(
                " \u{1B}[\(color)m\(status)\u{1B}[0m "
            )
        )
        #expect(!exchange.line(.text(.init(isTerminal: true))).contains("\u{1B}"))
    }

    @Test func `combined is the format of Apache and nginx`() {
        var exchange = Self.usual
        exchange.accessLogBytesOut = 1234
        exchange.texts[.protocol] = Array("HTTP/1.1".utf8)
        exchange.texts[.userAgent] = Array("a \"b\" \\c\n".utf8)
        exchange.texts[.referer] = Array("https://a.example/?token=x&y=1".utf8)
        #expect(
            exchange.line(.combined)
                == #"203.0.113.198 - - [06/Nov/1994:08:49:37 +0000] "DELETE /v1/organizations/7f3a/members/42?notify=é"#
                + #"&reason=left HTTP/1.1" 200 1234 "https://a.example/?token=[redacted]&y=1" "a \x22b\x22 \x5cc\x0a""#
        )
        #expect(
            RecordedExchange().line(.combined) == #"- - - [06/Nov/1994:08:49:37 +0000] "-" 499 0 "-" "-""#
        )
    }

    @Test(arguments: [
        ("a=1&b=2", "a=1&b=2"), ("", ""), ("token", "token"), ("token=", "token="), ("=x", "=x"),
        ("token=x", "token=[redacted]"), ("a=1&TOKEN=x&b=2", "a=1&TOKEN=[redacted]&b=2"),
        ("%74oken=x", "%74oken=[redacted]"), ("%54%4f%4B%65n=x&c=%26", "%54%4f%4B%65n=[redacted]&c=%26"),
        ("code=a=b&code=c", "code=[redacted]&code=[redacted]"), ("a;sig=1;b", "a;sig=[redacted];b"),
        ("access_token=1&id_token=2&api_key=3", "access_token=[redacted]&id_token=[redacted]&api_key=[redacted]"),
        ("tokens=x&xtoken=y&%00token=z", "tokens=x&xtoken=y&%00token=[redacted]"), ("%7=1&%=2&%zz=3", "%7=1&%=2&%zz=3"),
        ("&&&=&", "&&&=&"), ("aaaaaaaaaaaaaaaaaaaaaaaaaaaatoken=1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaatoken=1"),
    ])
    func `secret query values are redacted`(query: String, expected: String) throws {
        var exchange = RecordedExchange()
        exchange.texts = [.query: Array(query.utf8), .referer: Array("https://a/?\(query)".utf8)]
        let line = try #require(
            JSONSerialization.jsonObject(with: Data(exchange.line(.json).utf8)) as? [String: Any]
        )
        #expect(line["query"] as? String == expected)
        #expect(line["referer"] as? String == "https://a/?\(expected)")
    }

    @Test(
        arguments: [
            ([0x0A, 0x0D, 0x00, 0x7F], #"\u000a\u000d\u0000\u007f"#), ([0x22, 0x5C], #"\"\\"#),
            ([0xC3, 0xA4], "ä"), ([0xC3], #"\ufffd"#), ([0xC0, 0xAF], #"\ufffd\ufffd"#),
            ([0xED, 0xA0, 0x80], #"\ufffd\ufffd\ufffd"#), ([0xC2, 0x9B], #"\u009b"#), ([0xE2, 0x80, 0xAE], #"\u202e"#),
            ([0xE2, 0x80, 0xA8], #"\u2028"#), ([0xF0, 0x9F, 0x98, 0x80], "😀"),
            ([0xF4, 0x90, 0x80, 0x80], #"\ufffd\ufffd\ufffd\ufffd"#),
        ] as [([UInt8], String)]
    )
    func `characters that could end the string are escaped`(bytes: [UInt8], expected: String) {
        var exchange = RecordedExchange()
        exchange.texts[.userAgent] = bytes
        #expect(exchange.line(.json).hasSuffix(#","user_agent":"\#(expected)"}"#))
    }

    @Test func `any bytes become one line of valid JSON, and one line of printable text`() throws {
        var random = SeededRandom(seed: 42)
        let pieces: [[UInt8]] = [[0x22], [0x5C], [0x0A], [0x26], [0x3D], [0x25], [0xE2, 0x80], Array("token=".utf8)]
        for _ in 0..<300 {
            var exchange = RecordedExchange.full
            for text in AccessLogText.allCases {
                exchange.texts[text] = (0..<Int.random(in: 0...12, using: &random)).flatMap { _ in
                    Bool.random(using: &random)
                        ? [UInt8.random(in: 0...255, using: &random)]
                        : pieces[Int.random(in: 0..<pieces.count, using: &random)]
                }
            }
            let json = exchange.line(.json)
            let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
            #expect(object?.count == 32)
            for line in [
                json, exchange.line(.combined), exchange.line(.text(.init())),
                exchange.line(.text(.init(isTerminal: true))),
            ] {
                #expect(!line.unicodeScalars.contains { $0.properties.generalCategory == .control })
            }
        }
    }
}
