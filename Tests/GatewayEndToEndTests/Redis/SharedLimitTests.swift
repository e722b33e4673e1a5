import NIOCore
import Testing

@testable import GatewayCore
@testable import GatewayRedis

extension EndToEnd {
    /// Limits that several gateways share through Redis.
    @Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
    struct SharedLimitTests {
        @Test func `of five times the limit at once over three gateways exactly the limit passes`() async throws {
            let settings = [
                "limit = \"20/day\"", "limit = \"20/day\"\nalgorithm = \"token_bucket\"",
                "limit = [\"200/hour\", \"20/day\"]",
                "limit = [\"20/day\", \"200/hour\"]\nalgorithm = \"token_bucket\"", "limit = \"40/day\"\ncost = 2",
            ]
            try await withRedis { server in
                let routes = settings.enumerated().map { number, settings in
                    """
                    [[routes]]
                    name = "route \(number)"
                    path = "/\(number)"
                    respond = { status = 200 }
                    [routes.rate_limit]
                    store = "redis"
                    \(settings)
                    """
                }
                let redis = "[redis]\nurl = \"\(server.url)\"\ntimeout = \"5s\"\n"
                try await withGateways(3, redis + routes.joined(separator: "\n")) { gateways in
                    try await gateways.joined()
                    for (number, settings) in settings.enumerated() {
                        let responses = try await gateways.flood(100) { _ in
                            "GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n"
                        }
                        #expect(responses.count { $0.status == 200 } == 20, "\(settings)")
                        #expect(responses.count { $0.status == 429 } == 80, "\(settings)")
                        // Each that passed was the only one to see its remainder.
                        let remainders = responses.filter { $0.status == 200 }.compactMap {
                            $0["X-RateLimit-Remaining"]
                        }
                        #expect(Set(remainders).count == 20, "\(settings)")
                    }
                }
            }
        }

        @Test func `each key has its own count, over all gateways`() async throws {
            try await withRedis { server in
                let settings = "limit = \"4/day\"\nkey = \"header:X-Key\""
                try await withGateways(3, limited(server.url, settings)) { gateways in
                    try await gateways.joined()
                    let responses = try await gateways.flood(80) { number in
                        "GET /\(number % 4) HTTP/1.1\r\nHost: a\r\nX-Key: \(number % 4)\r\n\r\n"
                    }
                    #expect(responses.count { $0.status == 200 } == 16)
                    guard case .array(let keys) = try await server.send("KEYS", "*") else {
                        Issue.record("no keys")
                        return
                    }
                    // Keys show no client, and all expire.
                    #expect(keys.count == 4)
                    for key in keys.compactMap(\.text) {
                        #expect(key.hasPrefix("gateway:limit:{"))
                        guard case .integer(let life) = try await server.send("PTTL", key) else { continue }
                        #expect(life > 0)
                    }
                }
            }
        }

        @Test func `routes with one policy share its count, and several policies apply at once`() async throws {
            try await withRedis { server in
                let toml = """
                    [redis]
                    url = "\(server.url)"
                    timeout = "5s"
                    [policies.shared.rate_limit]
                    store = "redis"
                    scope = "policy"
                    limit = "9/day"
                    [[routes]]
                    name = "a"
                    path = "/a"
                    policies = ["shared"]
                    respond = { status = 200 }
                    [[routes]]
                    name = "b"
                    path = "/b"
                    policies = ["shared"]
                    respond = { status = 200 }
                    [[routes]]
                    name = "c"
                    path = "/c"
                    respond = { status = 200 }
                    [routes.rate_limit]
                    store = "redis"
                    limit = "6/day"
                    """
                try await withGateways(3, toml) { gateways in
                    try await gateways.joined()
                    let responses = try await gateways.flood(90) { number in
                        "GET /\(["a", "b", "c"][number % 3]) HTTP/1.1\r\nHost: a\r\n\r\n"
                    }
                    #expect(responses.count { $0.status == 200 } == 15)
                    #expect(responses.count { $0.status == 429 } == 75)
                }
            }
        }

        @Test func `gateways with other prefixes count for themselves`() async throws {
            try await withRedis { server in
                let settings = "limit = \"10/day\""
                try await withGateways(1, limited(server.url, settings, redis: "prefix = \"one:\"")) { one in
                    try await withGateways(1, limited(server.url, settings, redis: "prefix = \"two:\"")) { two in
                        for gateways in [one, two] {
                            try await gateways.joined()
                            let responses = try await gateways.flood(30)
                            #expect(responses.count { $0.status == 200 } == 10)
                        }
                    }
                }
            }
        }

        /// A request as its client saw it.
        private struct Observation {
            let start: ContinuousClock.Instant
            let end: ContinuousClock.Instant
            let isAllowed: Bool
            let remaining: Int
        }

        /// Within one window nothing is given back, so the requests that pass are a queue: the one that left `remaining` took
        /// its turn after all that left more. No client may see a contradiction to that order.
        @Test(arguments: ["sliding_window", "token_bucket"])
        func `decisions of three gateways have an order that no client sees contradicted`(
            algorithm: String
        ) async throws {
            let limit = 60
            try await withRedis { server in
                let settings = "limit = \"\(limit)/day\"\nalgorithm = \"\(algorithm)\""
                try await withGateways(3, limited(server.url, settings)) { gateways in
                    try await gateways.joined()
                    let seen = try await withThrowingTaskGroup(of: [Observation].self) { group in
                        for client in 0..<9 {
                            group.addTask { try await Self.observe(gateways[client], requests: 12) }
                        }
                        return try await group.reduce(into: []) { $0 += $1 }
                    }
                    let passed = seen.filter(\.isAllowed).sorted { $0.remaining > $1.remaining }
                    #expect(passed.map(\.remaining) == (0..<limit).reversed())
                    // Who came later in the order did not end before another began.
                    for (index, first) in passed.enumerated() {
                        #expect(passed[(index + 1)...].allSatisfy { $0.end >= first.start })
                    }
                    // Who was refused did not end before the last that passed began.
                    let last = try #require(passed.last)
                    #expect(seen.allSatisfy { $0.isAllowed || $0.end >= last.start })
                }
            }
        }

        private static func observe(_ gateway: RunningGateway, requests: Int) async throws -> [Observation] {
            let client = try await gateway.connect()
            defer { client.close() }
            let clock = ContinuousClock()
            var seen: [Observation] = []
            for _ in 0..<requests {
                let start = clock.now
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                let response = try await client.response()
                seen.append(
                    Observation(
                        start: start,
                        end: clock.now,
                        isAllowed: response.status == 200,
                        remaining: response["X-RateLimit-Remaining"].flatMap { Int($0) } ?? -1
                    )
                )
            }
            return seen
        }
    }
}
