import NIOCore
import Testing

extension EndToEnd {
    /// Browser reports, which the gateway accepts on the host of the route.
    @Suite struct CSPReportTests {
        private static let toml = """
            [[routes]]
            hosts = ["site.example"]
            path = "/*"
            respond = { status = 200, body = "site" }
            security_headers = { preset = "web" }
            [[routes]]
            hosts = ["api.example"]
            path = "/*"
            respond = { status = 200, body = "api" }
            """
        private static let path = "/.gateway/csp-reports"
        private static let report =
            "{\"csp-report\":{\"effective-directive\":\"img-src\",\"blocked-uri\":\"https://b\\n\"}}"

        private static func post(_ body: String, type: String, host: String = "site.example") -> String {
            "POST \(self.path) HTTP/1.1\r\nHost: \(host)\r\nContent-Type: \(type)\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        }

        @Test func `both kinds of reports are accepted`() async throws {
            try await withGateway(Self.toml) { gateway in
                for (body, type) in [
                    (Self.report, "application/csp-report"), (Self.report, "Application/CSP-Report; charset=utf-8"),
                    ("[{\"type\":\"csp-violation\",\"body\":{}}]", "application/reports+json"),
                    ("[]", "application/reports+json"),
                ] {
                    let response = try await gateway.exchange(Self.post(body, type: type))
                    #expect(response.status == 204)
                    #expect(response["X-Request-ID"] != nil)
                    #expect(response["X-Content-Type-Options"] == "nosniff")
                }
            }
        }

        @Test(arguments: [
            ("{", "application/csp-report", 400), ("", "application/csp-report", 400), ("{}", "text/plain", 400),
            ("[]", "application/csp-report", 400), ("{}", "application/reports+json", 400),
            (String(repeating: "x", count: 65_537), "application/csp-report", 413),
        ])
        func `anything else is rejected`(body: String, type: String, status: Int) async throws {
            try await withGateway(Self.toml) { gateway in
                let response = try await gateway.exchange(Self.post(body, type: type))
                #expect(response.status == status)
                #expect(response["Content-Type"] == "application/problem+json")
            }
        }

        @Test func `a body of unknown length is counted`() async throws {
            try await withGateway(Self.toml) { gateway in
                let client = try await gateway.connect()
                defer { client.close() }
                try await client.send(
                    "POST \(Self.path) HTTP/1.1\r\nHost: site.example\r\nContent-Type: application/csp-report\r\n"
                        + "Transfer-Encoding: chunked\r\n\r\n"
                )
                let chunk = "4000\r\n\(String(repeating: "x", count: 0x4000))\r\n"
                for _ in 0..<5 { try await client.send(chunk) }
                #expect(try await client.finalResponse().status == 413)
            }
        }

        @Test(arguments: ["GET", "PUT", "OPTIONS", "HEAD"])
        func `other methods get 405 with Allow`(method: String) async throws {
            try await withGateway(Self.toml) { gateway in
                let response = try await gateway.exchange(
                    "\(method) \(Self.path) HTTP/1.1\r\nHost: site.example\r\n\r\n"
                )
                #expect(response.status == 405)
                #expect(response["Allow"] == "POST")
            }
        }

        @Test func `reports are accepted only on hosts with a route that enables them`() async throws {
            try await withGateway(Self.toml) { gateway in
                let other = try await gateway.exchange(
                    Self.post(Self.report, type: "application/csp-report", host: "api.example")
                )
                #expect(other.status == 200)
                #expect(other.text == "api")
                let unknown = try await gateway.exchange(
                    Self.post(Self.report, type: "application/csp-report", host: "x.example")
                )
                #expect(unknown.status == 404)
                let site = try await gateway.exchange("GET / HTTP/1.1\r\nHost: site.example\r\n\r\n")
                #expect(site.text == "site")
            }
        }

        @Test func `reports are counted by known directives, and logged`() async throws {
            let toml = Self.toml + "\n[admin]\nexpose = [\"/metrics\"]"
            try await withGateway(toml) { gateway in
                for directive in ["img-src", "img-src", "made-up", "script-src-elem"] {
                    let body = Self.report.replacing("img-src", with: directive)
                    _ = try await gateway.exchange(Self.post(body, type: "application/csp-report"))
                }
                let metrics = try await gateway.get("/metrics").text
                for line in [
                    "{directive=\"img-src\",disposition=\"enforce\"} 2",
                    "{directive=\"_OTHER\",disposition=\"enforce\"} 1",
                    "{directive=\"script-src-elem\",disposition=\"enforce\"} 1",
                ] {
                    #expect(metrics.contains("gateway_csp_reports_total\(line)"), "\(line)")
                }
                #expect(!metrics.contains("made-up"))
                #expect(metrics.contains("route=\"_csp_reports\""))
            }
        }
    }
}
