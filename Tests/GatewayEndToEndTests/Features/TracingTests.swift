import GatewaySettings
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Gateway

extension EndToEnd {
    /// `[tracing]`: what a collector receives. `scripts/tracing-test` decodes it with the libraries of OpenTelemetry.
    @Suite struct TracingTests {
        private static let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"

        /// Runs a gateway with an admin API in front of an upstream, with a collector that gives these answers first.
        private static func withCollector<R>(
            _ settings: String = "sample = 1.0",
            server: String = "",
            route: String = "",
            answers: [String] = [],
            upstream: @escaping ScriptedUpstream.Script = serving { _ in ok() },
            _ body: (RunningGateway, _ collector: ScriptedUpstream, _ upstream: ScriptedUpstream) async throws -> R
        ) async throws -> R {
            let left = NIOLockedValueBox(answers)
            let script = serving { _ in
                left.withLockedValue { $0.isEmpty ? nil : $0.removeFirst() } ?? ok()
            }
            return try await withUpstream(script) { collector in
                try await withUpstream(upstream) { upstream in
                    let toml = proxy(
                        to: upstream.url,
                        server: server,
                        route: route,
                        more: """
                            [tracing]
                            otlp = "\(collector.url)"
                            interval = "100ms"
                            \(settings)
                            """
                    )
                    return try await withGateway(toml, admin: .address(.host("127.0.0.1", port: 0))) {
                        try await body($0, collector, upstream)
                    }
                }
            }
        }

        private static func spans(_ result: String, of gateway: RunningGateway) async throws -> Int {
            let prefix = "gateway_trace_spans_total{result=\"\(result)\"} "
            let line = try await gateway.admin("GET /metrics").text.split(separator: "\n").first {
                $0.hasPrefix(prefix)
            }
            return Int(line?.dropFirst(prefix.count) ?? "") ?? -1
        }

        private static func awaitSpans(_ count: Int, _ result: String, of gateway: RunningGateway) async throws {
            try await eventuallyAsync("\(count) spans are \(result)") {
                (try? await Self.spans(result, of: gateway)) == count
            }
        }

        @Test func `the spans of a request are posted, compressed, without secrets`() async throws {
            try await Self.withCollector("sample = 1.0\nheaders = { x-key = \"hunter2\" }") { gateway, collector, _ in
                _ = try await gateway.get("/users/7?page=2&token=hunter3", "User-Agent: me")
                // The request, its try, and the connection of the try.
                try await Self.awaitSpans(3, "sent", of: gateway)
                let request = try #require(collector.requests.first)
                #expect(request.startLine == "POST /v1/traces HTTP/1.1")
                #expect(request["Content-Type"] == "application/x-protobuf")
                #expect(request["Content-Encoding"] == "gzip")
                #expect(request["x-key"] == "hunter2")
                let text = try #require(request.decoded)
                for part in ["GET /*", "connect", "service.name", "page=2&token=[redacted]", "first_byte", "me"] {
                    #expect(text.contains(part), "\(part)")
                }
                #expect(!text.contains("hunter"))
                let shown = try await gateway.admin("GET /config").text
                #expect(!shown.contains("hunter2"))
            }
        }

        @Test(arguments: [("01", "sample = 0.0", true), ("00", "sample = 1.0", false)])
        func `a trusted parent decides, and the upstream learns the span of the try`(
            flags: String,
            settings: String,
            isKept: Bool
        ) async throws {
            let trusted = "trusted_proxies = [\"127.0.0.0/8\"]"
            try await Self.withCollector(settings, server: trusted) { gateway, collector, upstream in
                _ = try await gateway.get("/", "traceparent: \(Self.parent)-\(flags)", "tracestate: a=1")
                let sent = try #require(upstream.requests.first?["traceparent"])
                #expect(sent.hasPrefix("00-0af7651916cd43dd8448eb211c80319c-"))
                #expect(sent.hasSuffix("-\(flags)"))
                #expect(!sent.contains("b7ad6b7169203331"))
                // What is sent afterwards shows that nothing came before.
                _ = try await gateway.get("/after", "traceparent: \(Self.parent)-01")
                try await Self.awaitSpans(isKept ? 5 : 2, "sent", of: gateway)
                #expect(collector.requests.contains { $0.decoded?.contains("/after") == true })
            }
        }

        @Test func `a failed request is kept all the same, with each of its tries`() async throws {
            let attempts = NIOLockedValueBox(0)
            let failing = serving { _ in
                attempts.withLockedValue { $0 += 1 }
                return "HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n"
            }
            try await Self.withCollector("sample = 0.0", route: "retry = {}", upstream: failing) {
                gateway,
                collector,
                upstream in
                _ = try await gateway.get("/")
                try await eventually("spans arrive") { !collector.requests.isEmpty }
                let text = try #require(collector.requests.first?.decoded)
                for part in ["http.request.resend_count", "retry", "503", "error.type"] {
                    #expect(text.contains(part), "\(part)")
                }
                let spans = upstream.requests.compactMap { $0["traceparent"]?.dropFirst(36).prefix(16) }
                #expect(spans.count == attempts.withLockedValue { $0 })
                #expect(Set(spans).count == spans.count)
            }
        }

        @Test func `no spans of routes without tracing, and their trace passes`() async throws {
            try await Self.withCollector(route: "tracing = false") { gateway, collector, upstream in
                _ = try await gateway.get("/", "traceparent: \(Self.parent)-01")
                #expect(upstream.requests.first?["traceparent"] == "\(Self.parent)-01")
                _ = try await gateway.admin("GET /metrics")
                #expect(try await Self.spans("sent", of: gateway) == 0)
                #expect(collector.requests.isEmpty)
            }
        }

        @Test(arguments: [429, 502, 503, 504]) func `what the collector cannot take now is sent again`(status: Int)
            async throws
        {
            let later = "HTTP/1.1 \(status) Later\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n"
            try await Self.withCollector(answers: [later, later]) { gateway, collector, _ in
                _ = try await gateway.get("/")
                try await Self.awaitSpans(3, "sent", of: gateway)
                #expect(collector.requests.count == 3)
                #expect(Set(collector.requests.map(\.decoded)).count == 1)
                #expect(try await Self.spans("rejected", of: gateway) == 0)
            }
        }

        @Test(arguments: [400, 401, 404, 500, 301]) func `what the collector never takes is lost`(status: Int)
            async throws
        {
            let never = "HTTP/1.1 \(status) No\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
            try await Self.withCollector(answers: [never]) { gateway, collector, _ in
                _ = try await gateway.get("/first")
                try await Self.awaitSpans(3, "rejected", of: gateway)
                _ = try await gateway.get("/second")
                try await Self.awaitSpans(2, "sent", of: gateway)
                #expect(collector.requests.count == 2)
            }
        }

        @Test func `spans that were not taken count, and are not sent again`() async throws {
            // ExportTraceServiceResponse with partial_success.rejected_spans = 2.
            let partly = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\u{0A}\u{02}\u{08}\u{02}"
            try await Self.withCollector(answers: [partly]) { gateway, collector, _ in
                _ = try await gateway.get("/")
                try await Self.awaitSpans(2, "rejected", of: gateway)
                #expect(try await Self.spans("sent", of: gateway) == 1)
                #expect(collector.requests.count == 1)
            }
        }

        @Test func `requests are served while the collector is away, and a full queue drops whole requests`()
            async throws
        {
            let toml = """
                [tracing]
                otlp = "http://127.0.0.1:1"
                interval = "100ms"
                sample = 1.0
                queue = 3
                [[routes]]
                path = "/*"
                respond = { status = 200 }
                """
            try await withGateway(toml, admin: .address(.host("127.0.0.1", port: 0))) { gateway in
                for _ in 0..<5 { #expect(try await gateway.get("/").status == 200) }
                try await Self.awaitSpans(2, "dropped", of: gateway)
                #expect(try await Self.spans("sent", of: gateway) == 0)
            }
        }

        @Test func `the end sends the rest`() async throws {
            let collector = NIOLockedValueBox<[Message]>([])
            try await withUpstream(
                serving { request in
                    collector.withLockedValue { $0.append(request) }
                    return ok()
                }
            ) { server in
                let toml = """
                    [tracing]
                    otlp = "\(server.url)"
                    interval = "1m"
                    sample = 1.0
                    [[routes]]
                    path = "/*"
                    respond = { status = 200 }
                    """
                try await withGateway(toml) { gateway in _ = try await gateway.get("/last") }
                #expect(collector.withLockedValue { $0.count } == 1)
                #expect(collector.withLockedValue { $0.first?.decoded?.contains("/last") } == true)
            }
        }

        @Test func `a reload changes the collector`() async throws {
            try await Self.withCollector("sample = 0.0") { gateway, first, _ in
                try await withUpstream(serving { _ in ok() }) { second in
                    var configuration = try #require(gateway.server.runtime?.configuration)
                    configuration.tracing.otlp = second.url
                    configuration.tracing.sample = 1
                    try await gateway.server.reload(configuration)
                    _ = try await gateway.get("/")
                    try await eventually("spans arrive") { !second.requests.isEmpty }
                    #expect(first.requests.isEmpty)
                }
            }
        }
    }
}
