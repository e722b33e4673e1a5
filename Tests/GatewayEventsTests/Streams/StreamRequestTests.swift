import GatewayEvents
import NIOCore
import Testing

@Suite struct StreamRequestTests {
    private static func read(_ text: String) -> StreamRequest { StreamRequest(ByteBuffer(string: text)) }

    @Test func `subscriptions are read`() {
        #expect(
            Self.read(#"{"type":"subscription","action":"subscribe","topics":["upstreams.*","config"]}"#)
                == .subscribe(["upstreams.*", "config"])
        )
        #expect(
            Self.read(#" {"topics":[],"action":"unsubscribe","type":"subscription","more":{"x":[1]}} "#)
                == .unsubscribe([])
        )
    }

    @Test(arguments: [
        "", "x", "null", "[]", "{}", "\"subscription\"", "{\"type\":\"subscription\"}",
        #"{"type":"subscription","action":"subscribe"}"#,
        #"{"type":"subscription","action":"subscribe","topics":"config"}"#,
        #"{"type":"subscription","action":"subscribe","topics":[1]}"#,
        #"{"type":"subscription","action":"drop","topics":["config"]}"#,
        #"{"type":"event","action":"subscribe","topics":["config"]}"#,
        #"{"type":1,"action":"subscribe","topics":["config"]}"#,
        #"{"type":"subscription","action":"subscribe","topics":["config"]} x"#,
    ])
    func `anything else is malformed`(text: String) {
        guard case .malformed(let reason) = Self.read(text) else {
            Issue.record("\(text)")
            return
        }
        #expect(reason.hasSuffix("."))
    }

    @Test func `deep nesting and long lists do no harm`() {
        let deep = String(repeating: "[", count: 30_000) + String(repeating: "]", count: 30_000)
        guard case .malformed = Self.read(deep) else {
            Issue.record("nested")
            return
        }
        let many = Array(repeating: "\"a\"", count: 15_000).joined(separator: ",")
        guard
            case .subscribe(let topics) = Self.read(
                "{\"type\":\"subscription\",\"action\":\"subscribe\",\"topics\":[\(many)]}"
            )
        else {
            Issue.record("many")
            return
        }
        #expect(topics.count == 15_000)
    }
}
