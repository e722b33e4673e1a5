import GatewayHTTP1
import GatewaySettings
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewayMiddlewares

struct TracingMiddlewareTests {
    /// The forwarded fields, and the logged trace ID, for a request with these fields.
    private static func traced(_ lines: [String], isTrusted: Bool) async throws -> (fields: [String], traceID: String) {
        try await WorkerFixture.run { worker in
            let meters = RouteMeters(route: "a", shard: worker.meters)
            var context = BuildContext(route: "a", worker: worker, meters: meters)
            let middleware = TracingMiddleware(TracingMiddleware.Config(), in: &context)
            let exchange = try worker.exchange((["GET / HTTP/1.1", "Host: a"] + lines).joined(separator: "\r\n"))
            exchange.isFromTrustedPeer = isTrusted
            _ = middleware.request(exchange)
            var traceID = ""
            AccessLogEntry(exchange, .complete, slow: nil).withBytes(of: .traceID) {
                traceID = String(decoding: $0, as: UTF8.self)
            }
            return (exchange.request.headers.lines, traceID)
        }
    }

    private static let trace = "0af7651916cd43dd8448eb211c80319c"
    private static let given = "traceparent: 00-\(trace)-b7ad6b7169203331-00"

    @Test func `a trusted peer's trace is continued with a new span`() async throws {
        let (fields, traceID) = try await Self.traced(
            [Self.given, "tracestate: a=1", "tracestate: b=2", "baggage: c=3"],
            isTrusted: true
        )
        let parent = try #require(fields.first { $0.hasPrefix("traceparent: ") })
        #expect(fields.count { $0.hasPrefix("traceparent: ") } == 1)
        #expect(parent.hasPrefix("traceparent: 00-\(Self.trace)-") && parent.hasSuffix("-00"))
        #expect(!parent.contains("b7ad6b7169203331"))
        #expect(traceID == Self.trace)
        for field in ["tracestate: a=1", "tracestate: b=2", "baggage: c=3"] { #expect(fields.contains(field)) }
    }

    @Test(arguments: [
        ([given, "tracestate: a=1", "baggage: c=3"], false), ([given, given, "tracestate: a=1"], true),
        (["traceparent: ff-\(trace)-b7ad6b7169203331-00", "tracestate: a=1"], true), (["tracestate: a=1"], true),
        ([], true),
    ])
    func `any other request starts a new trace, without the client's state`(
        lines: [String],
        isTrusted: Bool
    ) async throws {
        let (fields, traceID) = try await Self.traced(lines, isTrusted: isTrusted)
        let parents = fields.filter { $0.hasPrefix("traceparent: ") }
        #expect(parents.count == 1)
        #expect(parents.first?.contains(Self.trace) == false)
        #expect(parents.first?.contains(traceID) == true)
        #expect(traceID.utf8.count == 32)
        #expect(!fields.contains { $0.hasPrefix("tracestate") })
        #expect(fields.contains { $0.hasPrefix("baggage") } == lines.contains { $0.hasPrefix("baggage") })
    }

    @Test func `an invalid tracestate is dropped, and the trace is kept`() async throws {
        let (fields, traceID) = try await Self.traced([Self.given, "tracestate: A=1"], isTrusted: true)
        #expect(traceID == Self.trace)
        #expect(!fields.contains { $0.hasPrefix("tracestate") })
    }

    /// The context of a request with these fields, and the `traceparent` of its first two tries.
    private static func context(
        _ lines: [String],
        isTrusted: Bool,
        sample: Double = 0,
        otlp: String = "http://127.0.0.1:4318"
    ) async throws -> (own: TraceParent, parent: UInt64, link: TraceParent?, tries: [TraceParent?]) {
        try await WorkerFixture.run { worker in
            let meters = RouteMeters(route: "a", shard: worker.meters)
            var configuration = GatewayConfiguration()
            configuration.tracing.otlp = otlp
            configuration.tracing.sample = sample
            var context = BuildContext(route: "a", worker: worker, meters: meters, configuration: configuration)
            let middleware = TracingMiddleware(TracingMiddleware.Config(), in: &context)
            let exchange = try worker.exchange((["GET / HTTP/1.1", "Host: a"] + lines).joined(separator: "\r\n"))
            exchange.isFromTrustedPeer = isTrusted
            _ = middleware.request(exchange)
            let tries = (0..<2).map { _ in
                exchange.beginTrySpan()
                let sent = exchange.request.headers.first(.traceparent)
                let named = sent.flatMap { exchange.request.headers.withBytes($0) { TraceParent($0) } }
                #expect(named?.spanID == exchange.upstreamCall.lastTry.spanID)
                return named
            }
            let link = exchange.trace.link
            let linked = link.isEmpty ? nil : exchange.request.headers.withBytes(link) { TraceParent($0) }
            return (exchange.trace.own, exchange.trace.parent, linked, tries)
        }
    }

    @Test(arguments: [("01", 0.0, true), ("00", 1.0, false), ("03", 0.0, true)])
    func `a trusted parent decides`(flags: String, sample: Double, isKept: Bool) async throws {
        let given = ["traceparent: 00-\(Self.trace)-b7ad6b7169203331-\(flags)"]
        let found = try await Self.context(given, isTrusted: true, sample: sample)
        #expect((found.own.flags & TraceParent.sampled != 0) == isKept)
        #expect(found.parent == 0xb7ad_6b71_6920_3331)
        #expect(found.link == nil)
    }

    @Test(arguments: [(1.0, "http://127.0.0.1:4318", true), (0.0, "http://127.0.0.1:4318", false), (1.0, "", false)])
    func `without a trusted parent the share decides, if there is a collector`(
        sample: Double,
        otlp: String,
        isKept: Bool
    ) async throws {
        for lines in [[], [Self.given]] {
            let found = try await Self.context(lines, isTrusted: false, sample: sample, otlp: otlp)
            #expect((found.own.flags & TraceParent.sampled != 0) == isKept)
            #expect(found.parent == 0)
            #expect(found.link?.spanID == (lines.isEmpty ? nil : 0xb7ad_6b71_6920_3331))
        }
    }

    @Test func `each try has its span, and none is that of the request`() async throws {
        let found = try await Self.context([Self.given], isTrusted: true)
        let tries = found.tries.compactMap { $0 }
        #expect(tries.count == 2)
        #expect(Set(tries.map(\.spanID) + [found.own.spanID]).count == 3)
        for attempt in tries {
            #expect(attempt.traceID == found.own.traceID)
            #expect(attempt.flags == found.own.flags)
        }
    }
}
