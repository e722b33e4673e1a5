import Foundation
import NIOCore
import Testing

@testable import Gateway

/// An exchange that says what it was told to say.
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

    func withBytes(of text: AccessLogText, _ body: (UnsafeRawBufferPointer) -> Void) {
        texts[text]?.withUnsafeBytes(body)
    }

    func line(_ style: LogStyle) -> String {
        var format = AccessLogFormat(style)
        var buffer = ByteBuffer()
        format.write(self, time: 784_111_777_123, into: &buffer)
        return String(buffer: buffer)
    }

    /// Says something in every field; a text is its own name.
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
        return exchange
    }
}

struct AccessLogFormatTests {
    @Test func `writes all fields in the manual's order`() {
        let expected = """
            {"time":"1994-11-06T08:49:37.123Z","level":"info","request_id":"request_id","trace_id":"trace_id",\
            "client_ip":"client_ip","consumer":"consumer","method":"method","host":"host","path":"path","query":"query",\
            "protocol":"protocol","route":"route","status":200,"code":"code","bytes_in":12,\
            "bytes_out":18446744073709551615,"duration_ms":12.345,"first_byte_ms":0.007,"upstream":"upstream",\
            "target":"target","upstream_ms":2000.000,"attempts":3,"end":"end","cache":"cache","encoding":"encoding",\
            "rate_limit":"rate_limit","user_agent":"user_agent","referer":"referer","tls":"tls"}
            """
        #expect(RecordedExchange.full.line(.json) == expected)
    }

    @Test func `leaves out what there is nothing to say about`() {
        var exchange = RecordedExchange()
        exchange.accessLogLevel = .warning
        exchange.accessLogDuration = .nanoseconds(-5)
        #expect(exchange.line(.json) == #"{"time":"1994-11-06T08:49:37.123Z","level":"warning","duration_ms":0.000}"#)
        #expect(exchange.line(.text) == "1994-11-06T08:49:37.123Z WARNING 0.000ms ")
    }

    @Test func `writes text with the request first`() {
        var exchange = RecordedExchange()
        exchange.accessLogStatus = 404
        exchange.texts = [
            .method: Array("GET".utf8), .host: Array("a.example".utf8), .path: Array("/x y\u{1B}[2J".utf8),
            .query: Array("a=1&token=t".utf8), .userAgent: Array("\"me\"".utf8),
        ]
        let expected =
            #"1994-11-06T08:49:37.123Z 404 0.000ms GET a.example/x\x20y\x1b[2J?a=1&token=[redacted] user_agent="\"me\"""#
        #expect(exchange.line(.text) == expected)
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
    func `redacts secret values of the query`(query: String, expected: String) throws {
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
    func `escapes what could leave the string`(bytes: [UInt8], expected: String) {
        var exchange = RecordedExchange()
        exchange.texts[.userAgent] = bytes
        #expect(exchange.line(.json).hasSuffix(#","user_agent":"\#(expected)"}"#))
    }

    @Test func `any bytes give one line of valid JSON, and one line of printable text`() throws {
        var random = SeededRandom(seed: 42)
        let pieces: [[UInt8]] = [[0x22], [0x5C], [0x0A], [0x26], [0x3D], [0x25], [0xE2, 0x80], Array("token=".utf8)]
        for _ in 0..<2000 {
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
            #expect(object?.count == 29)
            for line in [json, exchange.line(.text)] {
                #expect(!line.unicodeScalars.contains { $0.properties.generalCategory == .control })
            }
        }
    }
}
