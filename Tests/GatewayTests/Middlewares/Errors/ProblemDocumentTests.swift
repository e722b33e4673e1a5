import Testing

@testable import Gateway
@testable import GatewayMiddlewares

struct ProblemDocumentTests {
    /// The text with the member inserted, or nil if it must not be changed.
    private static func adding(_ text: String) -> String? {
        var bytes = Array(text.utf8)
        let place = bytes.withUnsafeBytes { ProblemDocument.place(for: "request_id", in: $0) }
        guard let place else { return nil }
        bytes.insert(contentsOf: Array((place.needsComma ? ",+" : "+").utf8), at: place.offset)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(arguments: [
        ("{}", "{+}"), (" {\n}\r\n", " {\n+}\r\n"), ("{\"a\":1}", "{\"a\":1,+}"),
        ("{\"a\" : [ ] , \"b\":{}}", "{\"a\" : [ ] , \"b\":{},+}"),
        ("{\"a\":{\"request_id\":1}}", "{\"a\":{\"request_id\":1},+}"),
        (
            "{\"a\":[-0.5e+10,0,1E2,true,false,null,\"\\u00e9\\n\\\"}\"]}",
            "{\"a\":[-0.5e+10,0,1E2,true,false,null,\"\\u00e9\\n\\\"}\"],+}"
        ),
        ("{\"Request_ID\":1}", "{\"Request_ID\":1,+}"), ("{\"a\":\"é}\"}", "{\"a\":\"é}\",+}"),
        ("{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2,+}"),
    ])
    func `the position before the last brace is found`(text: String, expected: String) {
        #expect(Self.adding(text) == expected)
    }

    @Test(arguments: [
        "", "[]", "null", "\"a\"", "{", "}", "{}}", "{}{}", "{} x", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{a:1}",
        "{'a':1}", "{\"a\":1 \"b\":2}", "{\"a\":01}", "{\"a\":+1}", "{\"a\":.5}", "{\"a\":1.}", "{\"a\":1e}",
        "{\"a\":NaN}", "{\"a\":tru}", "{\"a\":\"\n\"}", "{\"a\":\"\\x\"}", "{\"a\":\"\\u12g4\"}", "{\"a\":\"}",
        "{\"a\":[1,]}", "{\"a\":[1}", "{\"a\":[,]}", "{\"a\":-}", "\u{FEFF}{}", "{\"a\":1}//", "{\"a\":\u{A0}1}",
    ])
    func `text that is not a JSON object is unchanged (RFC 8259)`(text: String) {
        #expect(Self.adding(text) == nil)
    }

    @Test(arguments: ["{\"request_id\":\"x\"}", "{\"a\":1,\"request_id\":null}", "{\"request\\u005fid\":1}"])
    func `a document that has or may have the member is unchanged`(text: String) {
        #expect(Self.adding(text) == nil)
    }

    @Test func `invalid UTF-8 and deep nesting are rejected`() {
        let bytes: [UInt8] = Array("{\"a\":\"".utf8) + [0xFF] + Array("\"}".utf8)
        #expect(bytes.withUnsafeBytes { ProblemDocument.place(for: "request_id", in: $0) } == nil)
        let deep = String(repeating: "{\"a\":[", count: 10_000)
        #expect(Self.adding(deep) == nil)
        #expect(
            Self.adding("{\"a\":" + String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000) + "}")
                == nil
        )
    }

    @Test func `a corrupt document is never treated as complete`() {
        var random = SeededRandom(seed: 9)
        let good = Array("{\"type\":\"about:blank\",\"status\":500,\"x\":[1,{\"y\":null}]}".utf8)
        for length in 0..<good.count {
            good[..<length].withUnsafeBytes { #expect(ProblemDocument.place(for: "request_id", in: $0) == nil) }
        }
        for _ in 0..<3000 {
            var bytes = good
            bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            let place = bytes.withUnsafeBytes { ProblemDocument.place(for: "request_id", in: $0) }
            if let place { #expect(bytes[place.offset] == UInt8(ascii: "}")) }
        }
    }
}
