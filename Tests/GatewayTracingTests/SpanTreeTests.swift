import GatewayCore
import GatewaySettings
import Testing

@testable import GatewayTracing

struct SpanTreeTests {
    private static func request(_ change: (inout TracedRequest) -> Void = { _ in }) -> TracedRequest {
        var random = SeededGenerator(7)
        var request = TracedRequest(
            TraceParent(using: &random),
            parent: 0,
            startedAt: 1_000_000_000,
            endedAt: 1_500_000_000
        )
        request.method = "GET"
        request.route = "users"
        request.routePath = "/users/{id}"
        request.scheme = "http"
        request.host = "shop.example:8080"
        request.path = "/users/7"
        request.status = 200
        request.protocolName = "HTTP/1.1"
        change(&request)
        return request
    }

    private static func spans(_ request: TracedRequest) -> [Span] {
        var number: UInt64 = 100
        return SpanTree(request, QueryRedaction(["apikey2"])) {
            number += 1
            return number
        }.spans
    }

    private static func attempt(
        _ id: UInt64,
        _ change: (inout TracedRequest.Try) -> Void = { _ in }
    ) -> TracedRequest.Try {
        var attempt = TracedRequest.Try(spanID: id, endedAt: 1_400_000_000)
        attempt.sentAt = 1_100_000_000
        attempt.answerBeganAt = 1_200_000_000
        attempt.status = 200
        change(&attempt)
        return attempt
    }

    private static func value(_ name: String, _ span: Span?) -> TraceValue? {
        let values = (span?.attributes ?? []).filter { $0.name == name }
        #expect(values.count <= 1)
        return values.first?.value
    }

    @Test(arguments: [
        ("GET", "/users/{id}", "GET /users/{id}"), ("GET", "", "GET"), ("BREW", "", "HTTP"),
        ("BREW", "/pots", "HTTP /pots"), ("", "", "HTTP"), ("get", "", "HTTP"),
    ])
    func `the span of a request is named by method and route`(method: String, path: String, name: String) {
        let span = Self.spans(
            Self.request {
                $0.method = method
                $0.routePath = path
            }
        ).first
        #expect(span?.name == name)
        #expect(span?.kind == .server)
        if method == "BREW" {
            #expect(Self.value("http.request.method", span) == "_OTHER")
            #expect(Self.value("http.request.method_original", span) == "BREW")
        }
    }

    @Test func `the span of a request has the attributes of the convention`() {
        let span = Self.spans(
            Self.request {
                $0.query = "page=2&token=hunter2&apikey2=x"
                $0.clientAddress = "198.51.100.7"
                $0.userAgent = "curl/8"
                $0.requestID = "r1"
                $0.consumer = "ada"
                $0.attributes = [("cart.items", 3)]
            }
        ).first
        let wanted: [(String, TraceValue)] = [
            ("http.request.method", "GET"), ("url.scheme", "http"), ("url.path", "/users/7"),
            ("url.query", "page=2&token=[redacted]&apikey2=[redacted]"), ("http.route", "/users/{id}"),
            ("http.response.status_code", 200), ("server.address", "shop.example"), ("server.port", 8080),
            ("client.address", "198.51.100.7"), ("network.protocol.version", "1.1"), ("user_agent.original", "curl/8"),
            ("gateway.route", "users"), ("gateway.request_id", "r1"), ("gateway.consumer", "ada"), ("cart.items", 3),
        ]
        for (name, value) in wanted { #expect(Self.value(name, span) == value, "\(name)") }
        #expect(Self.value("error.type", span) == nil)
        #expect(span?.isError == false)
    }

    @Test(arguments: [
        ("upstream_timeout", "", 504, "upstream_timeout"), ("", "upstream_reset", 200, "upstream_reset"),
        ("", "", 503, "503"),
    ])
    func `the type of an error is the code, the end or the status`(
        code: String,
        end: String,
        status: Int,
        type: String
    ) {
        let span = Self.spans(
            Self.request {
                $0.isError = true
                $0.code = code
                $0.end = end
                $0.status = status
            }
        ).first
        #expect(span?.isError == true)
        #expect(Self.value("error.type", span) == .string(type))
    }

    @Test func `a client that leaves is no error, and is an event`() {
        let span = Self.spans(Self.request { $0.end = "client_gone" }).first
        #expect(span?.isError == false)
        #expect(span?.events.map(\.name) == ["cut"])
        #expect(span?.events.first?.attributes.first?.value == "client_gone")
    }

    @Test func `each try is a span, and a connection is opened in its try`() {
        let spans = Self.spans(
            Self.request {
                $0.forwardedPath = "/users/7?key=1"
                $0.upstream = "users"
                $0.firstByteAt = 1_300_000_000
                $0.tries = [
                    Self.attempt(1) {
                        $0.connectingAt = 1_050_000_000
                        $0.sentAt = nil
                        $0.answerBeganAt = nil
                        $0.status = 0
                        $0.failure = "refused"
                        $0.code = "upstream_unreachable"
                    }, Self.attempt(2) { $0.queuedAt = 1_060_000_000 },
                ]
            }
        )
        #expect(spans.map(\.name) == ["GET /users/{id}", "GET", "connect", "queue", "GET"])
        #expect(spans.map(\.kind) == [.server, .client, .internal, .internal, .client])
        let server = spans[0].context.spanID
        #expect(spans.map(\.parent) == [0, server, 1, server, server])
        #expect(spans.map(\.isError) == [false, true, true, false, false])
        #expect(Self.value("error.type", spans[1]) == "upstream_unreachable")
        #expect(Self.value("http.request.resend_count", spans[1]) == nil)
        #expect(Self.value("http.request.resend_count", spans[4]) == 1)
        #expect(Self.value("url.full", spans[4]) == "http://localhost/users/7?key=[redacted]")
        #expect(Self.value("gateway.upstream", spans[4]) == "users")
        #expect(spans[0].events.map(\.name) == ["retry", "first_byte"])
        #expect(spans[0].events[0].attributes.first?.value == "refused")
        #expect(spans.allSatisfy { $0.start <= $0.end })
        #expect(
            spans.count
                == Self.request {
                    $0.tries = [Self.attempt(1) { $0.connectingAt = 1 }, Self.attempt(2) { $0.queuedAt = 1 }]
                }.spanCount
        )
    }

    @Test(arguments: [(399, false), (404, true), (503, true)])
    func `a try with an error status is an error`(status: Int, isError: Bool) {
        let spans = Self.spans(
            Self.request {
                $0.status = status
                $0.tries = [Self.attempt(1) { $0.status = status }]
            }
        )
        #expect(spans[0].isError == false)
        #expect(spans[1].isError == isError)
        #expect(Self.value("error.type", spans[1]) == (isError ? .string("\(status)") : nil))
    }

    @Test func `the number of spans is known before they are made`() {
        for seed in UInt64(0)..<200 {
            var random = SeededGenerator(seed)
            let request = Self.request { request in
                request.isError = Bool.random(using: &random)
                for id in 0..<UInt64.random(in: 0...4, using: &random) {
                    var attempt = Self.attempt(id + 1)
                    if Bool.random(using: &random) { attempt.queuedAt = 1_010_000_000 }
                    if Bool.random(using: &random) { attempt.connectingAt = 1_020_000_000 }
                    if Bool.random(using: &random) { attempt.sentAt = nil }
                    request.tries.append(attempt)
                }
                if Bool.random(using: &random) {
                    request.calls = [.init(name: "auth", startedAt: 1, endedAt: 2, failure: "")]
                }
            }
            #expect(Self.spans(request).count == request.spanCount)
        }
    }

    @Test func `links, flags and long values are encoded`() {
        var random = SeededGenerator(1)
        let link = TraceParent(using: &random)
        let spans = Self.spans(
            Self.request {
                $0.link = link
                $0.userAgent = String(repeating: "x", count: 100_000)
            }
        )
        let bytes = SpanEncoder.encode(spans)
        #expect(bytes.count < 10_000)
        var fields: [UInt64] = []
        var outer = ProtobufReader(bytes[...])
        while let field = outer.next() {
            guard case .bytes(let span) = field.value else { continue }
            var inner = ProtobufReader(span)
            while let field = inner.next() { fields.append(field.number) }
        }
        for number in [1, 2, 5, 6, 7, 8, 9, 13, 16] as [UInt64] { #expect(fields.contains(number), "\(number)") }
        // There is no parent, no state and no error.
        for number in [3, 4, 15] as [UInt64] { #expect(!fields.contains(number), "\(number)") }
    }
}
