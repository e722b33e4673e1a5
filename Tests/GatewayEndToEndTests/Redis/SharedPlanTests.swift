import Testing

@testable import GatewayRedis

extension EndToEnd {
    /// Plans whose counts several gateways share through Redis.
    @Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
    struct SharedPlanTests {
        private static func toml(_ url: String) -> String {
            """
            [redis]
            url = "\(url)"
            timeout = "5s"
            [middleware.auth]
            any = ["spoken"]
            optional = true
            [middleware.rate_limit]
            limit = "plan"
            store = "redis"
            [plans.anonymous]
            rate_limit = "6/day"
            [plans.authenticated]
            rate_limit = ["40/day", "12/hour"]
            [plans.admin]
            rate_limit = "20/day"
            [[routes]]
            name = "a"
            path = "/a"
            respond = { status = 200 }
            [[routes]]
            name = "b"
            path = "/b"
            respond = { status = 200 }
            """
        }

        @Test func `each caller has one count over routes, workers and gateways`() async throws {
            try await withRedis { server in
                let middlewares = SpokenCallers.middlewares
                try await withGateways(2, Self.toml(server.url), middlewares: middlewares) { gateways in
                    try await gateways.joined()
                    let callers = ["", "X-Caller: ann\r\n", "X-Caller: bob\r\n", "X-Caller: root/admin\r\n"]
                    let responses = try await gateways.flood(400) { number in
                        let route = number / 4 % 2 == 0 ? "a" : "b"
                        return "GET /\(route) HTTP/1.1\r\nHost: a\r\n\(callers[number % 4])\r\n"
                    }
                    let passed = responses.filter { $0.status == 200 }
                    let refused = responses.filter { $0.status == 429 }
                    let policies = passed.map { $0["RateLimit"]?.prefix { $0 != ";" } ?? "" }
                    #expect(passed.count == 50)
                    #expect(refused.count == 350)
                    #expect(policies.count { $0 == "\"anonymous\"" } == 6)
                    #expect(policies.count { $0 == "\"authenticated-1h\"" } == 24)
                    #expect(policies.count { $0 == "\"admin\"" } == 20)
                    guard case .array(let keys) = try await server.send("KEYS", "*") else {
                        Issue.record("no keys")
                        return
                    }
                    // One for each caller, and none shows a name.
                    let names = keys.compactMap(\.text)
                    #expect(names.count == 4)
                    #expect(!names.contains { $0.contains("ann") || $0.contains("admin") })
                }
            }
        }
    }
}
