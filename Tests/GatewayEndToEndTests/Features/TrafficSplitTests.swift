import Gateway
import Testing

extension EndToEnd {
    /// Routes that split their requests between upstreams.
    @Suite struct TrafficSplitTests {
        private static func toml(
            stable: String,
            canary: String,
            shares: String = "{ stable = 50, canary = 50 }",
            sticky: Bool = true
        ) -> String {
            """
            [upstreams.stable]
            targets = ["\(stable)"]
            [upstreams.canary]
            targets = ["\(canary)"]
            [[routes]]
            path = "/*"
            upstream = \(shares)
            \(sticky ? "sticky = \"side\"" : "")
            """
        }

        private static func withSides<R>(
            shares: String = "{ stable = 50, canary = 50 }",
            sticky: Bool = true,
            fields: String...,
            body: (RunningGateway, ScriptedUpstream, ScriptedUpstream) async throws -> R
        ) async throws -> R {
            let fields = fields.map { $0 + "\r\n" }.joined()
            let answer = { @Sendable (text: String) in
                "HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\(fields)\r\n\(text)"
            }
            return try await withUpstream(serving { _ in answer("stable") }) { stable in
                try await withUpstream(serving { _ in answer("canary") }) { canary in
                    let toml = Self.toml(stable: stable.url, canary: canary.url, shares: shares, sticky: sticky)
                    return try await withGateway(toml) { try await body($0, stable, canary) }
                }
            }
        }

        @Test func `both sides get requests, and no cookie is set without sticky`() async throws {
            try await Self.withSides(sticky: false) { gateway, stable, canary in
                var texts: Set<String> = []
                for _ in 0..<40 {
                    let response = try await gateway.get("/")
                    texts.insert(response.text)
                    #expect(response["set-cookie"] == nil)
                    #expect(response["cache-control"] == nil)
                }
                #expect(texts == ["stable", "canary"])
                #expect(stable.requests.count + canary.requests.count == 40)
            }
        }

        @Test func `the cookie keeps a client on its side`() async throws {
            try await Self.withSides { gateway, _, _ in
                for _ in 0..<10 {
                    let first = try await gateway.get("/")
                    let cookie = try #require(first["set-cookie"])
                    #expect(cookie.hasPrefix("side=0.") && cookie.hasSuffix("; Path=/; HttpOnly; SameSite=Lax"))
                    #expect(first["cache-control"] == "private")
                    let pair = String(cookie.prefix { $0 != ";" })
                    for _ in 0..<5 {
                        let next = try await gateway.get("/", "Cookie: a=b; \(pair)")
                        #expect(next.text == first.text)
                        #expect(next["set-cookie"] == nil)
                        #expect(next["cache-control"] == nil)
                    }
                }
            }
        }

        @Test(arguments: ["side=canary", "side=", "side=1.5", "side=0.12345678901234567890", "other=0.5"])
        func `a malformed cookie is replaced`(cookie: String) async throws {
            try await Self.withSides { gateway, _, _ in
                let response = try await gateway.get("/", "Cookie: \(cookie)")
                #expect(response["set-cookie"]?.hasPrefix("side=0.") == true)
            }
        }

        @Test func `a response that may not be stored anyway keeps its Cache-Control`() async throws {
            try await Self.withSides(fields: "Cache-Control: no-store") { gateway, _, _ in
                let response = try await gateway.get("/")
                #expect(response["set-cookie"] != nil)
                #expect(response["cache-control"] == "no-store")
            }
        }

        @Test func `a share of 0 is never reached, not even with a cookie`() async throws {
            try await Self.withSides(shares: "{ stable = 1, canary = 0 }") { gateway, _, canary in
                for digit in 0..<10 {
                    let response = try await gateway.get("/", "Cookie: side=0.\(digit)")
                    #expect(response.text == "stable")
                }
                #expect(canary.requests.isEmpty)
            }
        }

        @Test func `a side without a reachable target leaves its share to the other, and its clients keep their place`()
            async throws
        {
            try await withUpstream(serving { _ in ok("stable") }) { stable in
                let closed = try await withUpstream(serving { _ in ok() }) { $0.url }
                let toml = Self.toml(stable: stable.url, canary: closed)
                try await withGateway(toml) { gateway in
                    // The first request to the closed target fails, and takes it out of the rotation.
                    var failed = 0
                    for _ in 0..<60 where try await gateway.get("/").status != 200 { failed += 1 }
                    #expect(failed <= 2)
                    for digit in 0..<10 {
                        let response = try await gateway.get("/", "Cookie: side=0.\(digit)")
                        #expect(response["set-cookie"] == nil)
                    }
                }
            }
        }
        @Test func `a split may name one upstream`() async throws {
            try await Self.withSides(shares: "{ canary = 1 }") { gateway, _, _ in
                let response = try await gateway.get("/")
                #expect(response.text == "canary")
            }
        }
    }
}
