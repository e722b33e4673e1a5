import FoundationEssentials
import Testing

extension EndToEnd {
    /// Fields of every error, wherever in the chain it occurred.
    @Suite struct ErrorInteractionTests {
        /// RFC 9457, with the gateway's extensions.
        private struct Problem: Decodable {
            let type: String
            let title: String
            let status: Int
            let detail: String
            let instance: String?
            let code: String
            let requestID: String
            let retryAfter: Int?

            enum CodingKeys: String, CodingKey {
                case type, title, status, detail, instance, code
                case requestID = "request_id"
                case retryAfter = "retry_after"
            }
        }

        struct Failure: Sendable, CustomTestStringConvertible {
            let code: String
            let status: Int
            let request: String
            /// The error type in `Proxy-Status`.
            let error: String

            var testDescription: String { "\(self.status) \(self.code): \(self.request.prefix(24))" }

            init(_ status: Int, _ code: String, _ request: String, error: String) {
                self.status = status
                self.code = code
                self.request = request
                self.error = error
            }
        }

        private static let host = "Host: a.example\r\n"

        private static let failures = [
            Failure(400, "bad_request", "GET / HTTP/1.1\r\n\r\n", error: "http_request_error"),
            Failure(400, "bad_request", "GET /a HTTP/1.1\r\n\(host)A : b\r\n\r\n", error: "http_request_error"),
            Failure(400, "bad_request", "GET /.. HTTP/1.1\r\n\(host)\r\n", error: "http_request_error"),
            Failure(404, "not_found", "GET /none HTTP/1.1\r\n\(host)\r\n", error: "http_request"),
            Failure(405, "method_not_allowed", "POST /get HTTP/1.1\r\n\(host)\r\n", error: "http_request"),
            Failure(408, "request_timeout", "GET / HTTP/1.1\r\n", error: "http_request"),
            Failure(
                413,
                "payload_too_large",
                "POST /limited HTTP/1.1\r\n\(host)Content-Length: 11\r\n\r\n",
                error: "http_request"
            ),
            Failure(
                413,
                "payload_too_large",
                "POST /limited HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n",
                error: "http_request"
            ),
            Failure(429, "rate_limited", "GET /none-left HTTP/1.1\r\n\(host)\r\n", error: "http_request"),
            Failure(431, "headers_too_large", "GET / HTTP/1.1\r\n\(host)A: \(long)\r\n\r\n", error: "http_request"),
            Failure(
                502,
                "upstream_unreachable",
                "GET /nobody HTTP/1.1\r\n\(host)\r\n",
                error: "connection_refused"
            ),
            Failure(
                502,
                "upstream_invalid_response",
                "GET /api/garbage HTTP/1.1\r\n\(host)\r\n",
                error: "http_protocol_error"
            ),
            Failure(502, "upstream_reset", "GET /api/leave HTTP/1.1\r\n\(host)\r\n", error: "connection_terminated"),
            Failure(503, "overloaded", "GET /full HTTP/1.1\r\n\(host)\r\n", error: "connection_limit_reached"),
            Failure(504, "upstream_timeout", "GET /api/stall HTTP/1.1\r\n\(host)\r\n", error: "http_response_timeout"),
        ]
        private static let long = String(repeating: "x", count: 3_000)

        private static let script: ScriptedUpstream.Script = { session in
            while true {
                let request = try await session.request()
                switch request.target {
                case "/api/garbage": return try await session.send("SSH-2.0-OpenSSH_9.2\r\n\r\n")
                case "/api/leave": return
                case "/api/stall", "/full": _ = try await session.connection.rest()
                default: try await session.send(ok())
                }
            }
        }

        private static func settings(_ upstream: String) -> String {
            """
            [server.limits]
            header_timeout = "150ms"
            headers = "2KiB"
            [upstreams.api]
            targets = ["\(upstream)"]
            [upstreams.nobody]
            targets = ["http://127.0.0.1:1"]
            [middleware.rate_limit]
            limit = "1000/day"
            [middleware.security_headers]
            preset = "web"
            [[routes]]
            path = "/api/*"
            upstream = "api"
            timeout = { first_byte = "100ms" }
            [[routes]]
            path = "/full"
            upstream = "api"
            concurrency = { max_in_flight = 1 }
            [[routes]]
            path = "/get"
            methods = ["GET"]
            upstream = "api"
            [[routes]]
            path = "/limited"
            upstream = "api"
            limits = { body = "10B" }
            [[routes]]
            path = "/none-left"
            upstream = "api"
            rate_limit = { limit = "1/day" }
            [[routes]]
            path = "/nobody"
            upstream = "nobody"
            """
        }

        @Test(arguments: failures)
        func `errors have the same fields as other responses`(_ failure: Failure) async throws {
            try await withUpstream(Self.script) { upstream in
                try await withGateway(Self.settings(upstream.url)) { gateway in
                    var held: RawConnection?
                    if failure.status == 429 { _ = try await gateway.get("/none-left") }
                    if failure.status == 503 {
                        held = try await gateway.connect()
                        try await held?.send("GET /full HTTP/1.1\r\n\(Self.host)\r\n")
                        try await eventually("it is in progress") { upstream.requests.count == 1 }
                    }
                    defer { held?.close() }
                    try Self.expect(try await gateway.exchange(failure.request), failure)
                    guard failure.request.hasPrefix("GET"), failure.status != 408 else { return }
                    let head = try await gateway.exchange("HEAD" + failure.request.dropFirst(3))
                    #expect(head.status == failure.status)
                    #expect(head.body.isEmpty)
                    #expect(head["Content-Type"] == "application/problem+json")
                    Self.expectFields(head, failure)
                }
            }
        }

        private static func expect(_ response: Message, _ failure: Failure) throws {
            #expect(response.status == failure.status)
            #expect(response["Content-Type"] == "application/problem+json")
            #expect(response["Content-Length"] == "\(response.body.count)")
            self.expectFields(response, failure)
            let problem = try JSONDecoder().decode(Problem.self, from: Data(response.body))
            #expect(problem.type == "urn:gateway:error:\(failure.code)")
            #expect(problem.code == failure.code)
            #expect(problem.status == failure.status)
            #expect(!problem.title.isEmpty && !problem.detail.isEmpty)
            #expect(problem.requestID == response["X-Request-ID"])
            #expect(problem.retryAfter.map(String.init) == response["Retry-After"])
        }

        private static func expectFields(_ response: Message, _ failure: Failure) {
            #expect(response.all("X-Request-ID").count == 1)
            #expect(response.all("Cache-Control") == ["no-store"])
            #expect(response.all("X-Content-Type-Options") == ["nosniff"])
            #expect(response.all("X-Frame-Options") == ["SAMEORIGIN"])
            #expect(response.all("Content-Security-Policy").count == 1)
            #expect(response.all("Referrer-Policy").count == 1)
            #expect(response["Proxy-Status"]?.hasPrefix("gateway; error=\(failure.error)") == true)
            #expect(response["Content-Encoding"] == nil)
            #expect(response["ETag"] == nil)
            #expect(response["Date"] != nil)
            // A malformed request counts too, under its address.
            #expect(response.all("X-RateLimit-Limit").count == 1)
            #expect(response.all("RateLimit").count == 1)
            #expect(response.all("RateLimit-Policy").count == 1)
            #expect((response["Retry-After"] != nil) == [429, 503].contains(failure.status))
        }
    }
}
