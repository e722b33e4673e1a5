import GatewayCore
import GatewayEvents
import GatewaySettings
import NIOCore
import Testing

@testable import Gateway

extension EndToEnd {
    /// `[sentry]`.
    @Suite struct SentryTests {
        /// `/500` and the like answer with that status.
        private static let api = serving { request in
            let status = Int(request.target.dropFirst().prefix(3)) ?? 200
            return "HTTP/1.1 \(status) Status\r\nContent-Length: 2\r\n\r\nok"
        }

        private static func toml(_ sentry: String, _ api: String, _ settings: String = "", route: String = "") -> String
        {
            """
            [sentry]
            dsn = "\(sentry)"
            \(settings)
            [upstreams.api]
            targets = ["\(api)"]
            [upstreams.dead]
            targets = ["http://127.0.0.1:1"]
            [[routes]]
            name = "all"
            path = "/*"
            upstream = "api"
            \(route)
            [[routes]]
            name = "dead"
            path = "/dead/*"
            upstream = "dead"
            """
        }

        /// Runs a gateway with an admin API, in front of an upstream, with a server that plays Sentry.
        private static func withSentry<R>(
            _ settings: String = "",
            route: String = "",
            answer: String = ok("{}"),
            _ body: (RunningGateway, ScriptedUpstream) async throws -> R
        ) async throws -> R {
            try await withUpstream(serving { _ in answer }) { sentry in
                try await withUpstream(Self.api) { api in
                    let toml = Self.toml(sentry.dsn, api.url, settings, route: route)
                    return try await withGateway(toml, workers: 2, admin: .address(.host("127.0.0.1", port: 0))) {
                        try await body($0, sentry)
                    }
                }
            }
        }

        /// The count of reports with a result.
        private static func count(_ result: String, of gateway: RunningGateway) async throws -> Int {
            let prefix = "gateway_sentry_events_total{result=\"\(result)\"} "
            let line = try await gateway.admin("GET /metrics").text.split(separator: "\n").first {
                $0.hasPrefix(prefix)
            }
            return Int(line?.dropFirst(prefix.count) ?? "") ?? -1
        }

        private static func events(of gateway: RunningGateway) async -> [Event] {
            guard let hands = gateway.server.runtime?.events.bus.onLoop else { return [] }
            return (try? await hands.eventLoop.submit { hands.value.recent }.get()) ?? []
        }

        private static func awaitCount(_ count: Int, _ result: String, of gateway: RunningGateway) async throws {
            try await eventuallyAsync("\(count) reports are \(result)") {
                (try? await Self.count(result, of: gateway)) == count
            }
        }

        @Test func `an upstream's error is reported as an envelope of Sentry's protocol`() async throws {
            try await Self.withSentry("environment = \"test\"") { gateway, sentry in
                let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
                _ = try await gateway.get("/500?a=b", "traceparent: \(trace)", "User-Agent: me")
                try await eventually("a report arrives") { !sentry.requests.isEmpty }
                let request = try #require(sentry.requests.first)
                #expect(request.startLine == "POST /prefix/api/42/envelope/ HTTP/1.1")
                #expect(request["Content-Type"] == "application/x-sentry-envelope")
                #expect(
                    request["X-Sentry-Auth"]
                        == "Sentry sentry_version=7, sentry_client=gateway/\(GatewayVersion.current), sentry_key=publickey"
                )
                let envelope = try SentryEnvelopes(request)
                let event = envelope.event
                #expect(envelope.type == "event")
                #expect(event.eventId.count == 32)
                #expect(event.level == "error")
                #expect(event.environment == "test")
                #expect(event.release == "gateway@\(GatewayVersion.current)")
                #expect(event.code == "upstream_error")
                #expect(event.fingerprint == ["all", "upstream_error", "api"])
                #expect(event.tags["status"] == "500")
                #expect(event.tags["route"] == "all")
                #expect(event.tags["upstream"] == "api")
                #expect(event.tags["request_id"]?.isEmpty == false)
                #expect(event.request?.url == "http://a.example/500")
                #expect(event.request?.queryString == "a=b")
                #expect(event.request?.headers["User-Agent"] == "me")
                // Loopback is no trusted proxy here, so the trace is the gateway's own.
                #expect(event.contexts?.trace?.traceId.count == 32)
                #expect(event.breadcrumbs?.values.contains { $0.message.hasSuffix(": 500") } == true)
                try await Self.awaitCount(1, "sent", of: gateway)
            }
        }

        @Test func `an error of the gateway is reported with its code and the attempts`() async throws {
            try await Self.withSentry { gateway, sentry in
                #expect(try await gateway.get("/dead/x").status == 502)
                try await eventually("a report arrives") { !sentry.envelopes.isEmpty }
                let event = try #require(sentry.envelopes.first?.event)
                #expect(event.code == "upstream_unreachable")
                #expect(event.exception?.values.first?.value.hasSuffix("127.0.0.1:1: refused") == true)
                #expect(event.fingerprint == ["dead", "upstream_unreachable", "dead"])
            }
        }

        @Test func `what does not fail, and what is ignored, is not reported`() async throws {
            try await Self.withSentry("ignore = [\"501\", \"upstream_unreachable\"]") { gateway, sentry in
                for target in ["/200", "/404", "/501", "/dead/x", "/502"] { _ = try await gateway.get(target) }
                try await Self.awaitCount(1, "sent", of: gateway)
                #expect(try await Self.count("ignored", of: gateway) == 2)
                #expect(sentry.envelopes.map(\.event.tags["status"]) == ["502"])
            }
        }

        @Test func `nothing secret is sent, and not the client's address`() async throws {
            let route = "headers.request.set = { X-Upstream-Pass = \"hush-configured\" }"
            try await Self.withSentry("traces = 1.0", route: route) { gateway, sentry in
                let client = try await gateway.connect()
                defer { client.close() }
                try await client.send(
                    "POST /500?token=hush-1&a=b&api_key=hush-2;sig=hush-3&x%5Bpassword%5D=hush-4 HTTP/1.1\r\n"
                        + "Host: a.example\r\nAuthorization: Bearer hush-5\r\nCookie: session=hush-6\r\n"
                        + "Proxy-Authorization: Basic hush-7\r\nX-API-Key: hush-8\r\nX-Custom: hush-9\r\n"
                        + "Referer: https://b.example/?access_token=hush-10\r\nX-Forwarded-For: 203.0.113.9\r\n"
                        + "Forwarded: for=203.0.113.9\r\nX-Real-IP: 203.0.113.9\r\nUser-Agent: me\r\n"
                        + "Content-Length: 7\r\n\r\nhush-11"
                )
                _ = try await client.finalResponse()
                try await eventually("a report and a trace arrive") { sentry.envelopes.count == 2 }
                #expect(Set(sentry.envelopes.map(\.type)) == ["event", "transaction"])
                for envelope in sentry.envelopes {
                    #expect(!envelope.text.contains("hush"), "\(envelope.text)")
                    #expect(!envelope.text.contains("203.0.113.9"))
                    #expect(envelope.event.request?.headers["User-Agent"] == "me")
                    #expect(envelope.event.request?.queryString?.contains("a=b") == true)
                }
            }
        }

        @Test func `of identical errors ten are sent, and the others counted`() async throws {
            try await Self.withSentry { gateway, sentry in
                for _ in 0..<25 { _ = try await gateway.get("/500") }
                _ = try await gateway.get("/dead/x")
                try await Self.awaitCount(11, "sent", of: gateway)
                #expect(try await Self.count("limited", of: gateway) == 15)
                #expect(sentry.envelopes.count { $0.event.code == "upstream_error" } == 10)
            }
        }

        @Test(arguments: [
            "HTTP/1.1 429 Too Many\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 429 Too Many\r\nRetry-After: 100\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX-Sentry-Rate-Limits: 60:error;default:key, 9:attachment\r\nContent-Length: 0\r\n\r\n",
        ])
        func `what Sentry refuses is not sent`(_ answer: String) async throws {
            try await Self.withSentry(answer: answer) { gateway, sentry in
                _ = try await gateway.get("/500")
                let isRefused = answer.contains("429")
                try await Self.awaitCount(1, isRefused ? "limited" : "sent", of: gateway)
                _ = try await gateway.get("/502")
                _ = try await gateway.get("/dead/x")
                try await Self.awaitCount(isRefused ? 3 : 2, "limited", of: gateway)
                #expect(sentry.requests.count == 1)
            }
        }

        @Test func `traces are sent while errors are refused`() async throws {
            let answer = "HTTP/1.1 200 OK\r\nX-Sentry-Rate-Limits: 60:error:key\r\nContent-Length: 0\r\n\r\n"
            try await Self.withSentry("traces = 1.0", answer: answer) { gateway, sentry in
                _ = try await gateway.get("/200")
                try await Self.awaitCount(1, "sent", of: gateway)
                _ = try await gateway.get("/500")
                try await Self.awaitCount(2, "sent", of: gateway)
                try await Self.awaitCount(1, "limited", of: gateway)
                #expect(sentry.envelopes.map(\.type) == ["transaction", "transaction"])
                let first = try #require(sentry.envelopes.first?.event)
                #expect(first.spans?.map(\.parentSpanId) == [first.contexts?.trace?.spanId ?? ""])
            }
        }

        @Test func `reports that wait are sent at the end`() async throws {
            try await withUpstream(serving { _ in ok("{}") }) { sentry in
                try await withUpstream(Self.api) { api in
                    try await withGateway(Self.toml(sentry.dsn, api.url)) { gateway in
                        for _ in 0..<3 { _ = try await gateway.get("/500") }
                    }
                    #expect(sentry.envelopes.count == 3)
                }
            }
        }

        @Test func `the end does not wait for a server that does not answer`() async throws {
            let (received, never) = (Signal(), Signal())
            let script = playing { session in
                _ = try await session.request()
                received.fire()
                try await never.wait(within: .minutes(5))
            }
            try await withUpstream(script) { sentry in
                try await withUpstream(Self.api) { api in
                    try await withGateway(Self.toml(sentry.dsn, api.url)) { gateway in
                        _ = try await gateway.get("/500")
                        try await received.wait()
                    }
                }
                never.fire()
            }
        }

        @Test func `a report waits for a server that is not there yet`() async throws {
            try await withUpstream(serving { _ in ok("{}") }) { sentry in
                let port = sentry.port
                await sentry.stop()
                try await withUpstream(Self.api) { api in
                    let toml = Self.toml("http://publickey@127.0.0.1:\(port)/1", api.url)
                    try await withGateway(toml, admin: .address(.host("127.0.0.1", port: 0))) { gateway in
                        _ = try await gateway.get("/500")
                        let address = try SocketAddress(ipAddress: "127.0.0.1", port: port)
                        try await withUpstream(at: address, serving { _ in ok("{}") }) { late in
                            try await Self.awaitCount(1, "sent", of: gateway)
                            #expect(late.envelopes.count == 1)
                        }
                    }
                }
            }
        }

        @Test func `a reload changes where reports go, and a refused one is reported`() async throws {
            try await Self.withSentry { gateway, sentry in
                _ = try await gateway.get("/500")
                try await eventually("a report arrives") { sentry.envelopes.count == 1 }
                try await withUpstream(serving { _ in ok("{}") }) { other in
                    try await withUpstream(Self.api) { api in
                        try await gateway.reload(Self.toml(other.dsn, api.url, "ignore = []"))
                        _ = try await gateway.get("/503")
                        try await eventually("a report arrives elsewhere") { other.envelopes.count == 1 }
                        await #expect(throws: (any Error).self) {
                            try await gateway.reload(Self.toml(other.dsn, api.url)) { $0.upstreams["api"] = nil }
                        }
                        try await eventually("the refusal is reported") { other.envelopes.count == 2 }
                        #expect(other.envelopes.last?.event.code == "config_refused")
                        try await gateway.reload(Self.toml("", api.url))
                        _ = try await gateway.get("/502")
                    }
                    #expect(other.envelopes.count == 2)
                }
                #expect(sentry.envelopes.count == 1)
            }
        }

        @Test func `captured errors are events, with and without Sentry`() async throws {
            try await withUpstream(Self.api) { api in
                try await withGateway(Self.toml("", api.url)) { gateway in
                    for _ in 0..<3 { _ = try await gateway.get("/500") }
                    try await eventuallyAsync("an event") {
                        await Self.events(of: gateway).contains { $0.type == "error.captured" }
                    }
                    let event = try #require(await Self.events(of: gateway).first { $0.type == "error.captured" })
                    #expect(event.topic == "gateway")
                    #expect(event.data["route"] == "all")
                    #expect(event.data["code"] == "upstream_error")
                    #expect(event.data["status"] == 500)
                    #expect(event.data["upstream"] == "api")
                }
            }
        }
    }
}
