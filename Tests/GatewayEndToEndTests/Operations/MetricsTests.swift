import Foundation
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayMiddlewares
@testable import GatewaySettings

/// The admin API's statistics, over sockets.
@Suite(.timeLimit(.minutes(10)))
struct MetricsTests {
    private static let toml = """
        [server]
        trusted_proxies = ["127.0.0.1/32"]
        [[routes]]
        name = "all"
        path = "/*"
        respond = { status = 200, body = "traffic" }
        """

    private func withAdmin(
        _ toml: String = Self.toml,
        _ body: (RunningGateway, SocketAddress) async throws -> Void
    ) async throws {
        var configuration = try GatewayConfiguration(toml: toml, environment: [:], middlewares: .standard)
        configuration.server.listen = [.host("127.0.0.1", port: 0)]
        configuration.server.workers = .count(2)
        configuration.admin.listen = .address(.host("127.0.0.1", port: 0))
        configuration.log.access = .off
        let server = try GatewayServer(configuration)
        let run = Task { try await server.run() }
        let gateway = RunningGateway(server: server, addresses: try await server.boundAddresses(), run: run)
        let address = try #require(try await server.adminAddress())
        let result: Result<Void, any Error>
        do { result = .success(try await body(gateway, address)) } catch { result = .failure(error) }
        server.shutdown()
        _ = await run.result
        try result.get()
    }

    private func ask(_ line: String, _ address: SocketAddress, _ fields: String..., body: String = "") async throws
        -> Message
    {
        let connection = try await RawConnection.connect(to: address)
        defer { connection.close() }
        let length = body.isEmpty ? [] : ["Content-Length: \(body.utf8.count)"]
        let head = ["\(line) HTTP/1.1", "Host: localhost", "Connection: close"] + fields + length + ["", body]
        try await connection.send(head.joined(separator: "\r\n"))
        return try await connection.finalResponse()
    }

    @Test func `the performance reports cover the traffic and can be reset`() async throws {
        try await withAdmin { gateway, admin in
            for _ in 0..<3 { _ = try await gateway.get("/a") }
            let all = try await ask("GET /metrics/performance", admin)
            #expect(all.status == 200)
            #expect(all["Content-Type"] == "application/json")
            let one = try await ask("GET /metrics/performance/all", admin)
            #expect(one.text.contains("\"count\": 3,"))
            #expect(one.text.contains("\"p99_ms\": "))
            let missing = try await ask("GET /metrics/performance/none", admin)
            #expect(missing.status == 404)
            #expect(missing["Content-Type"] == "application/problem+json")
            #expect(try await ask("POST /metrics/reset", admin).status == 200)
            #expect(try await ask("POST /metrics/reset", admin, body: "{}").status == 200)
            #expect(try await ask("GET /metrics/performance/all", admin).text.contains("\"count\": 0,"))
            let page = try await ask("GET /metrics", admin).text
            #expect(page.contains("gateway_http_requests_total{route=\"all\",method=\"GET\",code=\"200\"} 3\n"))
        }
    }

    @Test func `a reset from another site's page is rejected`() async throws {
        try await withAdmin { _, admin in
            #expect(try await ask("POST /metrics/reset", admin, "Sec-Fetch-Site: cross-site").status == 403)
            #expect(try await ask("POST /metrics/reset", admin, "Origin: https://evil.example").status == 403)
            let wrong = try await ask("GET /metrics/reset", admin)
            #expect(wrong.status == 405)
            #expect(wrong["Allow"] == "POST")
        }
    }

    @Test(arguments: ["/metrics/system", "/metrics/counters"]) func `the report is valid JSON`(path: String)
        async throws
    {
        try await withAdmin { gateway, admin in
            _ = try await gateway.get("/a")
            let answer = try await ask("GET \(path)", admin)
            #expect(answer.status == 200)
            let value = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
            #expect(value?.isEmpty == false)
            if path.hasSuffix("system") { #expect((value?["event_loops"] as? [Any])?.count == 2) }
        }
    }

    @Test func `buckets are linked to traces of the requests in them`() async throws {
        try await withAdmin { gateway, admin in
            let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
            _ = try await gateway.get("/a", "traceparent: 00-\(trace)-00f067aa0ba902b7-01")
            let page = try await ask("GET /metrics", admin, "Accept: application/openmetrics-text;version=1.0.0").text
            #expect(page.hasSuffix("\n# EOF\n"))
            for name in ["gateway_http_request_duration_seconds", "gateway_http_response_first_byte_seconds"] {
                let lines = page.split(separator: "\n").filter { $0.hasPrefix("\(name)_bucket{route=\"all\"") }
                #expect(lines.count { $0.contains(" # {trace_id=\"\(trace)\"} ") } == 1)
            }
            #expect(try await !ask("GET /metrics", admin).text.contains("trace_id"))
        }
    }

    @Test func `a connection over the limit counts as a request without a route, not as a client`() async throws {
        try await withUpstream(serving { _ in ok() }) { upstream in
            try await withAdmin(proxy(to: upstream.url, limits: "connections = 1")) { gateway, admin in
                let client = try await gateway.connect()
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                _ = try await client.response()
                for _ in 0..<3 {
                    let refused = try await gateway.connect()
                    let status = try await refused.response().status
                    #expect(status == 503)
                    _ = try await refused.rest()
                }
                let page = try await ask("GET /metrics", admin).text
                #expect(
                    page.contains("gateway_http_requests_total{route=\"_none\",method=\"_OTHER\",code=\"503\"} 3\n")
                )
                #expect(page.contains("gateway_errors_total{route=\"_none\",code=\"overloaded\"} 3\n"))
                let open = page.split(separator: "\n").filter { $0.hasPrefix("gateway_client_connections{") }
                #expect(open.compactMap { Double($0.split(separator: " ").last ?? "") }.reduce(0, +) == 1)
                client.close()
            }
        }
    }

    @Test func `active and idle connections are counted separately`() async throws {
        let (requested, release) = (Signal(), Signal())
        let script: ScriptedUpstream.Script = { session in
            _ = try await session.request()
            requested.fire()
            try await release.wait()
            try await session.send("HTTP/1.1 204 No Content\r\n\r\n")
        }
        try await withUpstream(script) { upstream in
            try await withAdmin(proxy(to: upstream.url)) { gateway, admin in
                func connections(_ state: String) async throws -> Double {
                    let page = try await ask("GET /metrics", admin).text
                    let lines = page.split(separator: "\n").filter {
                        $0.hasPrefix("gateway_client_connections{") && $0.contains("state=\"\(state)\"")
                    }
                    return lines.compactMap { Double($0.split(separator: " ").last ?? "") }.reduce(0, +)
                }
                let (busy, silent) = (try await gateway.connect(), try await gateway.connect())
                try await busy.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                try await requested.wait()
                while try await connections("idle") != 1 {}
                #expect(try await connections("active") == 1)
                release.fire()
                #expect(try await busy.response().status == 204)
                while try await connections("idle") != 2 {}
                #expect(try await connections("active") == 0)
                busy.close()
                silent.close()
                while try await connections("idle") != 0 {}
                #expect(try await connections("active") == 0)
            }
        }
    }

    @Test func `a request whose client left before the response is counted as 499`() async throws {
        let requested = Signal()
        let script: ScriptedUpstream.Script = { session in
            _ = try await session.request()
            requested.fire()
            // Until the gateway closes the connection.
            _ = try? await session.request()
        }
        try await withUpstream(script) { upstream in
            try await withAdmin(proxy(to: upstream.url)) { gateway, admin in
                let client = try await gateway.connect()
                try await client.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                try await requested.wait()
                client.close()
                let series = "gateway_http_requests_total{route=\"all\",method=\"GET\",code=\"499\"} 1\n"
                while try await !ask("GET /metrics", admin).text.contains(series) {}
                let report = try await ask("GET /metrics/performance/all", admin).text
                #expect(report.contains("\"errors\": 0,"))
            }
        }
    }
}
