import NIOCore
import Testing

@testable import GatewayRedis
@testable import GatewaySettings

extension EndToEnd {
    /// Purges that reach all gateways that share a cache.
    @Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
    struct SharedPurgeTests {
        private static let stream = "gateway:cache:purges"

        /// Lets all gateways store the same response in memory.
        private func fill(_ gateways: SharedGateways, _ redis: RedisServer) async throws {
            for gateway in gateways.all {
                #expect(try await gateway.get("/a").text == "1")
                try await redis.holds(1)
            }
        }

        private func purge(_ body: String, by gateway: RunningGateway) async throws -> String {
            try await gateway.admin("POST /cache/purge", body: body).text.filter { !$0.isWhitespace }
        }

        /// Waits until a gateway has another response.
        private func expectOther(_ gateway: RunningGateway) async throws {
            try await eventuallyAsync("the purge has arrived") { (try? await gateway.get("/a").text) != "1" }
        }

        /// What to send to purge the response to `/NUMBER`.
        private static let purges = [
            "{\"url\":\"http://a.example/NUMBER\"}", "{\"prefix\":\"https://a.example/\"}", "{\"tag\":\"news\"}",
            "{\"route\":\"all\"}", "{\"all\":true}", "{\"tag\":\"news\",\"soft\":true}",
            "{\"url\":\"http://a.example/NUMBER\",\"soft\":true}",
        ]

        @Test func `a purge by one gateway reaches the memory of the other and Redis`() async throws {
            let script = numbering("Cache-Control: max-age=60", "Cache-Tag: news")
            try await withRedis { redis in
                try await withSharedCaches(redis, script) { gateways, _ in
                    for (number, purge) in Self.purges.enumerated() {
                        let target = "/\(number)"
                        let first = try await gateways[0].get(target).text
                        try await redis.holds(number + 1)
                        #expect(try await gateways[1].get(target).text == first)
                        let body = purge.replacing("NUMBER", with: "\(number)")
                        #expect(try await !self.purge(body, by: gateways[0]).contains("pending"))
                        #expect(try await gateways[0].get(target).text != first, "\(purge)")
                        try await eventuallyAsync("the purge has arrived: \(purge)") {
                            (try? await gateways[1].get(target).text) != first
                        }
                    }
                }
            }
        }

        @Test func `an unsafe method through one gateway drops the URL in all`() async throws {
            try await withRedis { redis in
                try await withSharedCaches(redis, numbering()) { gateways, _ in
                    try await self.fill(gateways, redis)
                    let post = "POST /a HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n"
                    #expect(try await gateways[0].exchange(post).status == 200)
                    #expect(try await gateways[0].get("/a").text != "1")
                    try await self.expectOther(gateways[1])
                }
            }
        }

        @Test func `a purge while Redis hangs is pending, and done before anything is read there`() async throws {
            try await withRedis { redis in
                try await withSharedCaches(redis, numbering(), timeout: "40ms") { gateways, _ in
                    // Without a hit for sure: such a short time is over quickly on a busy machine.
                    for gateway in gateways.all { _ = try await gateway.get("/a") }
                    try await redis.holds(1)
                    let (one, two) = (try await gateways[0].get("/a").text, try await gateways[1].get("/a").text)
                    redis.pause()
                    defer { redis.resume() }
                    let answer = try await self.purge("{\"url\":\"http://a.example/a\"}", by: gateways[0])
                    #expect(answer == "{\"purged\":1,\"redis\":\"pending\"}")
                    redis.resume()
                    #expect(try await gateways[0].get("/a").text != one)
                    try await eventuallyAsync("the purge has arrived") {
                        (try? await gateways[1].get("/a").text) != two
                    }
                }
            }
        }

        @Test func `a purge while Redis is gone is pending`() async throws {
            try await withRedis { redis in
                try await withSharedCaches(redis, numbering()) { gateways, _ in
                    try await self.fill(gateways, redis)
                    redis.stop()
                    try await gateways.parted()
                    let answer = try await self.purge("{\"all\":true}", by: gateways[0])
                    #expect(answer == "{\"purged\":1,\"redis\":\"pending\"}")
                    #expect(try await gateways[0].get("/a").text != "1")
                    // The other has it in memory until it hears of the purge.
                    #expect(try await gateways[1].get("/a").text == "1")
                    let back = try await RedisServer.start(port: redis.port)
                    defer { back.stop() }
                    try await self.expectOther(gateways[1])
                }
            }
        }

        @Test func `a gateway whose subscription was lost reads what it missed`() async throws {
            try await withRedis { redis in
                try await withSharedCaches(redis, numbering()) { gateways, _ in
                    try await self.fill(gateways, redis)
                    // A purge of a third gateway, whose message nobody gets.
                    try await redis.send("XADD", Self.stream, "*", "purge", "1 c0ffee hard url //a.example/a")
                    try await redis.send("CLIENT", "KILL", "TYPE", "pubsub")
                    for gateway in gateways.all { try await self.expectOther(gateway) }
                }
            }
        }

        @Test func `what cannot be read in the stream purges everything`() async throws {
            try await withRedis { redis in
                try await withSharedCaches(redis, numbering(), gateways: 1) { gateways, _ in
                    try await self.fill(gateways, redis)
                    try await redis.send("XADD", Self.stream, "*", "purge", "2 unknown")
                    try await redis.send("CLIENT", "KILL", "TYPE", "pubsub")
                    try await self.expectOther(gateways[0])
                }
            }
        }

        @Test func `whatever is in the place of the stream is replaced`() async throws {
            try await withRedis { redis in
                try await withSharedCaches(redis, numbering()) { gateways, _ in
                    try await self.fill(gateways, redis)
                    try await redis.send("SET", Self.stream, "something else")
                    try await redis.send("CLIENT", "KILL", "TYPE", "pubsub")
                    try await eventuallyAsync("there is a stream again") {
                        (try? await redis.send("TYPE", Self.stream)) == .status("stream")
                    }
                    _ = try await self.purge("{\"all\":true}", by: gateways[0])
                    try await self.expectOther(gateways[1])
                }
            }
        }

        @Test func `gateways with other prefixes keep what one purges`() async throws {
            try await withRedis { redis in
                try await withUpstream(numbering()) { upstream in
                    let admin = AdminListen.address(.host("127.0.0.1", port: 0))
                    try await withGateway(sharedCache(upstream, redis.url), admin: admin) { one in
                        let toml = sharedCache(upstream, redis.url, more: "prefix = \"other:\"")
                        try await withGateway(toml) { two in
                            _ = try await one.get("/a")
                            #expect(try await two.get("/a").text == "2")
                            #expect(try await self.purge("{\"all\":true}", by: one) == "{\"purged\":1}")
                            #expect(try await one.get("/a").text == "3")
                            #expect(try await two.get("/a").text == "2")
                        }
                    }
                }
            }
        }
    }
}
