import GatewaySettings
import NIOCore
import Testing

@testable import GatewayCore
@testable import GatewayEvents

@Suite struct SentryEventTests {
    private static let origin = SentryEvent.Origin(server: "host", environment: "test")

    private static func report(_ kind: RequestReport.Kind = .failure(code: "upstream_unreachable")) -> RequestReport {
        var details = RequestDetails()
        details.method = "GET"
        details.url = "http://a.example/x"
        details.query = "a=b&token=[redacted]"
        details.fields = [
            RequestDetails.Field(name: "User-Agent", value: "té\u{1}st"),
            RequestDetails.Field(name: "user-agent", value: "b"),
        ]
        details.requestID = "id-1"
        details.consumer = "ann"
        details.traceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        details.startedAt = 1_000_000
        details.outcome = "complete"
        details.message = "The upstream cannot be reached."
        details.attempts = [
            RequestDetails.Attempt(target: "127.0.0.1:1", result: "refused", sentAt: 1_000_100),
            RequestDetails.Attempt(target: "127.0.0.1:2", result: "502", sentAt: 1_000_200),
        ]
        details.notes = [RequestDetails.Note(source: "rate_limit", text: "allowed")]
        return RequestReport(kind, route: "r", status: 502, upstream: "u", time: 1_001_500, details: details)
    }

    @Test func `the event of a failed request`() {
        let event = SentryEvent(
            Self.report(),
            code: "upstream_unreachable",
            missed: 3,
            id: "0123456789abcdef0123456789abcdef",
            Self.origin
        )
        let expected =
            #"{"event_id":"0123456789abcdef0123456789abcdef","timestamp":1001.5,"platform":"other","logger":"gateway","#
            + #""server_name":"host","release":"gateway@\#(GatewayVersion.current)","environment":"test","#
            + #""sdk":{"name":"gateway","version":"\#(GatewayVersion.current)"},"level":"error","transaction":"r","#
            + #""exception":{"values":[{"type":"upstream_unreachable","#
            + #""value":"The upstream cannot be reached. 127.0.0.1:2: 502"}]},"#
            + #""fingerprint":["r","upstream_unreachable","u"],"#
            + #""tags":{"route":"r","code":"upstream_unreachable","status":"502","upstream":"u","request_id":"id-1"},"#
            + #""request":{"method":"GET","url":"http://a.example/x","query_string":"a=b&token=[redacted]","#
            + #""headers":{"User-Agent":"té\u0001st, b"}},"breadcrumbs":{"values":["#
            + #"{"category":"request","level":"info","message":"GET for route r","timestamp":1000.0},"#
            + #"{"category":"rate_limit","level":"info","message":"allowed"},"#
            + #"{"category":"upstream","level":"warning","message":"attempt 1: 127.0.0.1:1: refused","#
            + #""timestamp":1000.1,"data":{"upstream":"u","target":"127.0.0.1:1","result":"refused"}},"#
            + #"{"category":"upstream","level":"warning","message":"attempt 2: 127.0.0.1:2: 502","#
            + #""timestamp":1000.2,"data":{"upstream":"u","target":"127.0.0.1:2","result":"502"}},"#
            + #"{"category":"response","level":"error","message":"502 upstream_unreachable, complete","#
            + #""timestamp":1001.5}]},"contexts":{"response":{"type":"response","status_code":502},"#
            + #""trace":{"type":"trace","trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331","#
            + #""op":"http.server","status":"internal_error"}},"user":{"id":"ann"},"extra":{"not_sent_before":3}}"#
        #expect(event.json == expected)
    }

    @Test func `a transaction has a span for each attempt`() {
        var spans = 0
        let event = SentryEvent(transaction: Self.report(.trace), id: "1", Self.origin) {
            spans += 1
            return "span\(spans)"
        }
        #expect(spans == 2)
        #expect(event.json.contains(#""type":"transaction","start_timestamp":1000.0,"transaction":"r""#))
        #expect(event.json.contains(#""span_id":"span1","parent_span_id":"b7ad6b7169203331""#))
        // The first attempt ends where the second begins, the last one with the request.
        #expect(event.json.contains(#""start_timestamp":1000.1,"timestamp":1000.2,"status":"internal_error""#))
        #expect(event.json.contains(#""start_timestamp":1000.2,"timestamp":1001.5,"status":"internal_error""#))
        #expect(!event.json.contains("fingerprint"))
    }

    @Test func `an envelope counts bytes`() throws {
        let payload = ByteBuffer(string: #"{"a":"é"}"#)
        let dsn = try SentryDSN.parse("https://abc:def@sentry.example/7")
        let item = SentryQueue.Item(.transaction, id: "77", payload: payload)
        let envelope = SentryEnvelope.bytes(item, dsn: dsn, time: 0)
        let version = GatewayVersion.current
        #expect(
            String(buffer: envelope) == """
                {"event_id":"77","dsn":"https://abc@sentry.example/7","sent_at":"1970-01-01T00:00:00.000Z",\
                "sdk":{"name":"gateway","version":"\(version)"}}
                {"type":"transaction","length":10,"content_type":"application/json"}
                {"a":"é"}

                """
        )
    }

    @Test(arguments: ["", "00-1-2-3", "00-00000000000000000000000000000000-b7ad6b7169203331-01", "\u{e9}"])
    func `what is no trace has no context`(_ text: String) { #expect(SentryTrace(text) == nil) }
}
