import NIOCore
import Testing

@testable import GatewayCore
@testable import GatewayRedis
@testable import GatewaySettings

extension EndToEnd {
    /// Limits while Redis is away, slow, full or read-only: they are decided as `on_failure` says, and nothing waits.
    @Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
    struct RedisOutageTests {
        /// Nobody listens there.
        private static let nowhere = "redis://127.0.0.1:1"

        private static func remaining(_ gateway: RunningGateway) async throws -> Int {
            let response = try await gateway.get("/")
            #expect(response.status == 200)
            return response["X-RateLimit-Remaining"].flatMap { Int($0) } ?? -1
        }

        @Test(arguments: [
            ("local", [200, 200, 429, 429]), ("open", [200, 200, 200, 200]), ("closed", [503, 503, 503, 503]),
        ])
        func `without Redis the failure setting decides`(failure: String, expected: [Int]) async throws {
            let toml = limited(Self.nowhere, "limit = \"2/day\"", redis: "on_failure = \"\(failure)\"")
            try await withGateway(toml) { gateway in
                var statuses: [Int] = []
                for _ in 0..<4 {
                    let response = try await gateway.get("/")
                    statuses.append(response.status)
                    #expect((response["X-RateLimit-Limit"] != nil) == (failure == "local"))
                    guard response.status == 503 else { continue }
                    #expect(response.text.contains("\"code\":\"overloaded\""))
                    #expect(response["Retry-After"] == "1")
                }
                #expect(statuses == expected)
            }
        }

        @Test func `a gateway starts without Redis, says so, and joins when it comes`() async throws {
            let port = try RedisServer.freePort()
            let log = LogLines()
            let admin = AdminListen.address(.host("127.0.0.1", port: 0))
            let toml = limited("redis://127.0.0.1:\(port)")
            try await withGateways(1, toml, admin: admin, log: log.logger) { gateways in
                try await gateways.parted()
                #expect(try await Self.remaining(gateways[0]) == 39)
                try await eventually("the log says that Redis is down") {
                    log.lines.contains { $0.contains("Redis is down node=127.0.0.1:\(port)") }
                }
                let health = try await gateways[0].admin("GET /health/detailed")
                #expect(health.status == 200)
                #expect(health.text.contains("\"redis:127.0.0.1:\(port)\""))
                #expect(health.text.contains("\"status\":\"warn\""))
                let server = try await RedisServer.start(port: port)
                defer { server.stop() }
                try await gateways.joined()
                try await eventually("the log says that Redis is up") {
                    log.lines.contains { $0.contains("Redis is up node=127.0.0.1:\(port)") }
                }
                // The server has not seen the request that was counted here.
                #expect(try await Self.remaining(gateways[0]) == 39)
                let up = "gateway_redis_up{node=\"127.0.0.1:\(port)\"}"
                #expect(try await SharedGateways.metric(up, of: gateways[0]) == 1)
            }
        }

        @Test func `a server that hangs is down after three timeouts, and its return is noticed`() async throws {
            try await withRedis { server in
                let admin = AdminListen.address(.host("127.0.0.1", port: 0))
                // No other worker, because each counts its own timeouts.
                let toml = limited(server.url, timeout: "200ms", redis: "connections = 3")
                try await withGateways(1, toml, workers: 1, admin: admin) { gateways in
                    try await gateways.joined()
                    let timeouts = "gateway_redis_commands_total{command=\"EVALSHA\",result=\"timeout\"}"
                    #expect(try await Self.remaining(gateways[0]) == 39)
                    let before = try await SharedGateways.metric(timeouts, of: gateways[0])
                    server.pause()
                    for _ in 0..<12 { #expect(try await gateways[0].get("/").status == 200) }
                    try await gateways.parted()
                    // Of all these requests, no more waited.
                    #expect(try await SharedGateways.metric(timeouts, of: gateways[0]) - before <= 3)
                    // Counted here, from where the shared count was.
                    #expect(try await Self.remaining(gateways[0]) == 26)
                    server.resume()
                    try await gateways.joined()
                    // What the server had received was counted when it went on.
                    #expect((35...38).contains(try await Self.remaining(gateways[0])))
                }
            }
        }

        @Test func `local counts go on where each gateway last saw the shared ones`() async throws {
            let server = try await RedisServer.start()
            defer { server.stop() }
            try await withGateways(2, limited(server.url, "limit = \"20/day\"")) { gateways in
                try await gateways.joined()
                for expected in [19, 18] { #expect(try await Self.remaining(gateways[0]) == expected) }
                for expected in [17, 16, 15] { #expect(try await Self.remaining(gateways[1]) == expected) }
                server.stop()
                try await gateways.parted()
                #expect(try await Self.remaining(gateways[0]) == 17)
                #expect(try await Self.remaining(gateways[1]) == 14)
                // Another one in its place, which knows nothing of counts and scripts.
                let other = try await RedisServer.start(port: server.port)
                defer { other.stop() }
                try await gateways.joined()
                for expected in [19, 18] { #expect(try await Self.remaining(gateways[expected]) == expected) }
            }
        }

        @Test func `a server that forgets its scripts under load miscounts nothing`() async throws {
            try await withRedis { server in
                try await withGateways(2, limited(server.url)) { gateways in
                    try await gateways.joined()
                    let client = try await server.connect()
                    defer { client.close() }
                    async let responses = gateways.flood(100)
                    for _ in 0..<20 { try await client.send("SCRIPT", "FLUSH") }
                    #expect(try await responses.count { $0.status == 200 } == 40)
                    #expect(try await responses.count { $0.status == 429 } == 60)
                }
            }
        }

        @Test func `connections that the server closes under load lose nothing but their commands`() async throws {
            try await withRedis { server in
                try await withGateways(2, limited(server.url, redis: "on_failure = \"closed\"")) { gateways in
                    try await gateways.joined()
                    let client = try await server.connect()
                    defer { client.close() }
                    async let responses = gateways.flood(100)
                    for _ in 0..<5 {
                        try await client.send("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
                        try await Task.sleep(for: .milliseconds(5))
                    }
                    let statuses = try await responses.map(\.status)
                    #expect(statuses.count == 100)
                    #expect(statuses.allSatisfy { [200, 429, 503].contains($0) })
                    #expect(statuses.count { $0 == 200 } <= 40)
                    try await eventuallyAsync("the limit is used up, by all that was counted") {
                        (try? await gateways[0].get("/").status) == 429
                    }
                }
            }
        }

        @Test(arguments: [("local", 200), ("closed", 503)])
        func `a server without memory is a failure, and no longer once it has some`(
            failure: String,
            status: Int
        ) async throws {
            try await withRedis { server in
                try await withGateways(1, limited(server.url, redis: "on_failure = \"\(failure)\"")) { gateways in
                    try await gateways.joined()
                    #expect(try await Self.remaining(gateways[0]) == 39)
                    try await server.send("CONFIG", "SET", "maxmemory", "1")
                    for remaining in [38, 37] {
                        let response = try await gateways[0].get("/")
                        #expect(response.status == status)
                        #expect(response["X-RateLimit-Remaining"] == (failure == "local" ? "\(remaining)" : nil))
                    }
                    try await server.send("CONFIG", "SET", "maxmemory", "0")
                    #expect(try await Self.remaining(gateways[0]) == 38)
                }
            }
        }

        @Test func `when the server becomes a replica, the next one that takes writes is used`() async throws {
            try await withRedis { first in
                try await withRedis { second in
                    let url = "redis://127.0.0.1:\(first.port),127.0.0.1:\(second.port)"
                    try await withGateways(2, limited(url)) { gateways in
                        try await gateways.joined()
                        #expect(SharedGateways.conditions(gateways[0]).map(\.name) == ["127.0.0.1:\(first.port)"])
                        #expect(try await Self.remaining(gateways[0]) == 39)
                        try await first.send("REPLICAOF", "127.0.0.1", "\(second.port)")
                        let name = "127.0.0.1:\(second.port)"
                        try await eventuallyAsync("all workers use the other server") {
                            let responses = try? await gateways.flood(8)
                            // Counted by whoever is there, and never an error.
                            #expect(responses?.allSatisfy { [200, 429].contains($0.status) } == true)
                            return gateways.all.allSatisfy {
                                SharedGateways.conditions($0).map(\.name) == [name]
                                    && SharedGateways.conditions($0)[0].connected == gateways.workers
                            }
                        }
                        try await second.send("FLUSHALL")
                        for expected in [39, 38] { #expect(try await Self.remaining(gateways[expected]) == expected) }
                    }
                }
            }
        }
    }
}
