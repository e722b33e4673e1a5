import Testing

extension EndToEnd {
    /// Access rules of a route, and limits on request bodies.
    @Suite struct AccessRulesTests {
        @Test(arguments: [
            ("", 200), ("allow = [\"127.0.0.0/8\"]", 200), ("allow = [\"10.0.0.0/8\"]", 403),
            ("deny = [\"127.0.0.1\"]", 403), ("deny = [\"10.0.0.0/8\"]", 200),
            ("allow = [\"127.0.0.0/8\"]\ndeny = [\"127.0.0.1/32\"]", 403), ("allow = [\"::/0\"]", 403),
        ])
        func `an address is allowed or denied`(settings: String, status: Int) async throws {
            try await withProxy(serving { _ in ok() }, more: "[middleware.ip]\n\(settings)") { gateway, upstream in
                let response = try await gateway.get("/")
                #expect(response.status == status)
                if status == 403 {
                    #expect(response.text.contains("\"code\":\"forbidden\""))
                    #expect(upstream.requests.isEmpty)
                }
            }
        }

        @Test func `behind a trusted proxy the client's address decides`() async throws {
            try await withProxy(
                serving { _ in ok() },
                server: "trusted_proxies = [\"127.0.0.1/32\"]",
                more: "[middleware.ip]\nallow = [\"192.0.2.0/24\"]"
            ) { gateway, _ in
                for (forwarded, status) in [("192.0.2.7", 200), ("192.0.2.7, 198.51.100.1", 403), ("", 403)] {
                    let response = try await gateway.get("/", "X-Forwarded-For: \(forwarded)")
                    #expect(response.status == status, "\(forwarded)")
                }
            }
        }

        private static let limits = "[middleware.limits]\nbody = \"10B\""

        @Test(arguments: [(10, 200), (11, 413), (1_000_000, 413)])
        func `a declared length over the limit never reaches the upstream`(length: Int, status: Int)
            async throws
        {
            try await withProxy(serving { ok($0.text) }, more: Self.limits) { gateway, upstream in
                let body = status == 200 ? String(repeating: "x", count: length) : ""
                let response = try await gateway.exchange(
                    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(length)\r\n\r\n\(body)"
                )
                #expect(response.status == status)
                #expect(upstream.connections == (status == 200 ? 1 : 0))
            }
        }

        @Test(arguments: [([5, 5], 200), ([5, 5, 1], 413), ([11], 413), ([1, 100_000], 413)])
        func `a body of unknown length is counted while it streams`(chunks: [Int], status: Int) async throws {
            try await withProxy(serving { ok($0.text) }, more: Self.limits) { gateway, upstream in
                let client = try await gateway.connect()
                defer { client.close() }
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
                for size in chunks {
                    try await client.send("\(String(size, radix: 16))\r\n\(String(repeating: "x", count: size))\r\n")
                }
                try await client.send("0\r\n\r\n")
                let response = try await client.finalResponse()
                #expect(response.status == status)
                if status == 413 {
                    #expect(response.text.contains("\"code\":\"payload_too_large\""))
                    #expect(upstream.requests.isEmpty)
                } else {
                    #expect(response.body.count == chunks.reduce(0, +))
                }
            }
        }

        @Test func `if a response has begun the client is cut off`() async throws {
            let answered = Signal()
            let script: ScriptedUpstream.Script = { session in
                try await session.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun")
                try await answered.wait()
            }
            try await withProxy(script, more: Self.limits) { gateway, _ in
                let client = try await gateway.connect()
                defer { client.close() }
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")
                _ = try await client.text(through: "begun")
                try await client.send("14\r\n\(String(repeating: "x", count: 20))\r\n0\r\n\r\n")
                // The rest of the hundred bytes never arrives.
                #expect(try await client.rest().text.isEmpty)
                answered.fire()
            }
        }

        @Test func `Server-Timing reports both parts and keeps the upstream's`() async throws {
            try await withProxy(
                serving { _ in ok("", "Server-Timing: db;dur=5") },
                more: "[middleware.server_timing]"
            ) { gateway, _ in
                let values = try await gateway.get("/").all("Server-Timing")
                #expect(values.first == "db;dur=5")
                #expect(values.last?.wholeMatch(of: /gateway;dur=\d+\.\d{3}, upstream;dur=\d+\.\d{3}/) != nil)
            }
            let toml = "[middleware.server_timing]\n[[routes]]\npath = \"/\"\nrespond = {}"
            try await withGateway(toml) { gateway in
                let value = try await gateway.get("/")["Server-Timing"]
                #expect(value?.wholeMatch(of: /gateway;dur=\d+\.\d{3}/) != nil)
            }
        }
    }
}
