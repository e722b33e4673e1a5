import Testing

@testable import Gateway
@testable import GatewayCore

extension EndToEnd {
    /// Upstream errors with a replaced body, combined with everything that changes bodies and heads.
    @Suite struct UpstreamErrorInteractionTests {
        private static let settings = """
            [middleware.rate_limit]
            limit = "1000/day"
            [middleware.security_headers]
            preset = "strict"
            """

        private static let fields = [
            "Content-Type: text/html", "Content-Encoding: gzip", "ETag: \"e\"",
            "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT",
            "Vary: Origin", "Server: secret/1.0", "X-Powered-By: secret", "Accept-Ranges: bytes",
            "Content-Security-Policy: default-src *", "Cache-Control: public, max-age=60", "Set-Cookie: a=b",
            "Access-Control-Allow-Origin: https://app.example",
        ]

        @Test(arguments: 1...3 as ClosedRange<UInt64>)
        func `fields about the old body are not sent with the new one`(_ seed: UInt64) async throws {
            var random = SplitMix64(seed: seed)
            let answers = (0..<20).map { _ in
                let body = Array(CompressionTests.text(.random(in: 0...40_000, using: &random)).utf8)
                let isChunked = Bool.random(using: &random)
                let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(body.count)"
                let status = [500, 501, 502, 503, 504, 507, 599].randomElement(using: &random) ?? 500
                let head = (["HTTP/1.1 \(status) X"] + Self.fields + [framing]).joined(separator: "\r\n") + "\r\n\r\n"
                let wire = Array(head.utf8) + (isChunked ? Chunks.random(of: body, &random) : body)
                return (status, wire, Chunks.cuts(wire.count, &random))
            }
            let script = playing { session in
                while true {
                    let (_, wire, cuts) = answers[Int(try await session.request().target.dropFirst()) ?? 0]
                    try await session.connection.send(wire, splitAt: cuts)
                }
            }
            try await withProxy(script, more: Self.settings) { gateway, _ in
                let client = try await gateway.connect()
                for (number, (status, _, _)) in answers.enumerated() {
                    try await client.send(
                        "GET /\(number) HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip, br\r\nOrigin: https://app.example\r\n\r\n"
                    )
                    let response = try await client.response()
                    #expect(response.status == status)
                    #expect(response.code == "upstream_error")
                    #expect(response.all("Content-Type") == ["application/problem+json"])
                    #expect(response.all("Content-Length") == ["\(response.body.count)"])
                    for name in [
                        "Content-Encoding", "ETag", "Last-Modified", "Server", "X-Powered-By", "Accept-Ranges",
                        "Transfer-Encoding", "Proxy-Status",
                    ] {
                        #expect(response[name] == nil, "\(name)")
                    }
                    #expect(response.all("Cache-Control") == ["no-store"])
                    #expect(response.all("Vary") == ["Origin"])
                    #expect(response.all("Set-Cookie") == ["a=b"])
                    #expect(response.all("Access-Control-Allow-Origin") == ["https://app.example"])
                    #expect(response.all("Content-Security-Policy").count == 1)
                    #expect(response["Content-Security-Policy"]?.contains("'nonce-") == false)
                    #expect(response.all("X-Content-Type-Options") == ["nosniff"])
                    #expect(response["X-RateLimit-Remaining"] == "\(999 - number)")
                    #expect(response.text.contains("\"request_id\":\"\(response["X-Request-ID"] ?? "?")\""))
                }
                client.close()
            }
        }

        @Test(arguments: ["GET", "HEAD", "POST"])
        func `a condition does not turn an error into 304 or 412`(_ method: String) async throws {
            let script = serving { request in
                let head = "HTTP/1.1 503 X\r\nETag: \"e\"\r\nRetry-After: 7\r\nContent-Length: 1\r\n\r\n"
                return request.method == "HEAD" ? head : head + "x"
            }
            try await withProxy(script) { gateway, _ in
                for condition in [
                    "If-None-Match: \"e\"", "If-None-Match: *", "If-Match: \"f\"", "If-Match: \"e-gw-gzip\"",
                ] {
                    let response = try await gateway.exchange(
                        "\(method) / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nAccept-Encoding: gzip\r\n\(condition)\r\n\r\n"
                    )
                    #expect(response.status == 503)
                    #expect(response["Retry-After"] == "7")
                    #expect(response["ETag"] == nil)
                    #expect(response.body.isEmpty == (method == "HEAD"))
                }
            }
        }

        @Test(arguments: ["identity", "gzip", "br"])
        func `a forwarded error is neither encoded nor tagged`(_ coding: String) async throws {
            let body = CompressionTests.text(3_000)
            let script = serving { _ in
                "HTTP/1.1 404 X\r\nContent-Type: application/json\r\nContent-Length: 3000\r\n\r\n" + body
            }
            try await withProxy(script) { gateway, _ in
                let response = try await gateway.get("/", "Accept-Encoding: \(coding)")
                #expect(response.status == 404)
                #expect(response.text == body)
                #expect(response["Content-Length"] == "3000")
                #expect(response["Content-Encoding"] == nil && response["ETag"] == nil)
            }
        }

        @Test func `an error has only the gateway's limit fields`() async throws {
            let answer =
                "HTTP/1.1 503 No\r\nX-RateLimit-Limit: 3\r\nX-RateLimit-Remaining: 2\r\nContent-Length: 0\r\n\r\n"
            let script: ScriptedUpstream.Script = { session in
                while true {
                    _ = try await session.request()
                    try await session.send(answer)
                }
            }
            try await withProxy(script, more: Self.settings) { gateway, _ in
                let response = try await gateway.get("/")
                #expect(response.all("X-RateLimit-Limit") == ["1000"])
                #expect(response.all("X-RateLimit-Remaining") == ["999"])
            }
        }

        /// The client never receives this body.
        @Test func `the gateway does not wait for the end of a trickling body`() async throws {
            let left = Signal()
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.request()
                try await session.send("HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n")
                defer { left.fire() }
                while true {
                    try await session.send("1\r\nx\r\n")
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
            try await withProxy(script) { gateway, _ in
                let response = try await gateway.get("/")
                #expect(response.status == 503)
                #expect(response.code == "upstream_error")
                try await left.wait()
            }
        }
    }
}
