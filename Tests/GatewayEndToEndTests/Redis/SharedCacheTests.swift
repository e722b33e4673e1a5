import NIOCore
import Testing

@testable import GatewayRedis
@testable import GatewaySettings

extension EndToEnd {
    /// Responses that several gateways share through Redis.
    @Suite(.enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
    struct SharedCacheTests {
        private static func tier(_ result: String) -> String {
            "gateway_cache_tier_requests_total{tier=\"redis\",result=\"\(result)\"}"
        }

        @Test(arguments: [1, 2]) func `a second gateway answers from what the first has stored`(workers: Int)
            async throws
        {
            try await withRedis { redis in
                try await withSharedCaches(redis, numbering(), workers: workers) { gateways, upstream in
                    #expect(try await gateways[0].get("/a").text == "1")
                    try await redis.holds(1)
                    let second = try await gateways[1].get("/a")
                    #expect(second.text == "1")
                    #expect(second["Cache-Status"]?.hasPrefix("gateway; hit; ttl=") == true)
                    #expect(second["Age"] != nil)
                    // From memory now.
                    #expect(try await gateways[1].get("/a").text == "1")
                    #expect(upstream.requests.count == 1)
                    #expect(try await SharedGateways.metric(Self.tier("miss"), of: gateways[0]) == 1)
                    #expect(try await SharedGateways.metric(Self.tier("hit"), of: gateways[1]) == 1)
                }
            }
        }

        @Test func `a restarted gateway answers at once`() async throws {
            try await withRedis { redis in
                try await withUpstream(numbering()) { upstream in
                    let toml = sharedCache(upstream, redis.url)
                    try await withGateway(toml) { gateway in
                        #expect(try await gateway.get("/a").text == "1")
                        try await redis.holds(1)
                    }
                    let text = try await withGateway(toml) { gateway in try await gateway.get("/a").text }
                    #expect(text == "1")
                    #expect(upstream.requests.count == 1)
                }
            }
        }

        private static let damages = [
            ["SETRANGE", "KEY", "20", "?"], ["SETRANGE", "KEY", "3", "?"], ["APPEND", "KEY", "?"],
            ["SET", "KEY", "", "PX", "60000"], ["SET", "KEY", "something else", "PX", "60000"], ["PERSIST", "KEY"],
            ["DEL", "KEY"],
        ]

        @Test func `a value that is damaged, or that no gateway of this version wrote, is a miss`() async throws {
            try await withRedis { redis in
                try await withSharedCaches(redis, numbering()) { gateways, _ in
                    let client = try await redis.connect()
                    defer { client.close() }
                    var known: Set<String> = []
                    for (number, damage) in Self.damages.enumerated() {
                        let first = try await gateways[0].get("/\(number)").text
                        try await redis.holds(number + 1)
                        let keys = Set(try await redis.storedKeys())
                        let key = try #require(keys.subtracting(known).first)
                        known = keys
                        _ = try await client.send([damage.map { $0 == "KEY" ? key : $0 }])
                        #expect(try await gateways[1].get("/\(number)").text != first, "\(damage)")
                        // It is written again.
                        try await redis.holds(number + 1)
                    }
                }
            }
        }

        @Test func `each variant is shared with those who select it`() async throws {
            let script = serving { request in
                let language = request["Accept-Language"] ?? "none"
                return ok(language, "Cache-Control: max-age=60", "Vary: Accept-Language")
            }
            try await withRedis { redis in
                try await withSharedCaches(redis, script) { gateways, upstream in
                    #expect(try await gateways[0].get("/a", "Accept-Language: de").text == "de")
                    try await redis.holds(2)
                    #expect(try await gateways[1].get("/a", "Accept-Language: de").text == "de")
                    #expect(upstream.requests.count == 1)
                    #expect(try await gateways[1].get("/a", "Accept-Language: fr").text == "fr")
                    try await redis.holds(3)
                    #expect(try await gateways[0].get("/a", "Accept-Language: fr").text == "fr")
                    #expect(upstream.requests.count == 2)
                }
            }
        }

        @Test func `a stale response from Redis is confirmed by the upstream`() async throws {
            let script = serving { request in
                request["If-None-Match"] == "\"1\""
                    ? "HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\nCache-Control: max-age=60\r\n\r\n"
                    : ok("page", "Cache-Control: max-age=0", "ETag: \"1\"")
            }
            try await withRedis { redis in
                try await withSharedCaches(redis, script, gateways: 3) { gateways, upstream in
                    #expect(try await gateways[0].get("/a").text == "page")
                    try await redis.holds(1)
                    let second = try await gateways[1].get("/a")
                    #expect(second.text == "page")
                    #expect(second["Cache-Status"]?.contains("fwd-status=304") == true)
                    #expect(upstream.requests.count == 2)
                    #expect(upstream.requests[1]["If-None-Match"] == "\"1\"")
                    // What the 304 made fresh is shared too.
                    try await eventuallyAsync("the fresh response in Redis") {
                        let third = try? await gateways[2].exchange(
                            "GET /a HTTP/1.1\r\nHost: a.example\r\nCookie: none\r\n\r\n"
                        )
                        return third?.status == 200
                    }
                }
            }
        }

        @Test func `a response from Redis that a 304 does not confirm is fetched once more`() async throws {
            let script = serving { request in
                if request["If-None-Match"] != nil { return "HTTP/1.1 304 Not Modified\r\nETag: \"2\"\r\n\r\n" }
                return ok("page", "Cache-Control: max-age=0", "ETag: \"1\"")
            }
            try await withRedis { redis in
                try await withSharedCaches(redis, script) { gateways, upstream in
                    _ = try await gateways[0].get("/a")
                    try await redis.holds(1)
                    #expect(try await gateways[1].get("/a").text == "page")
                    #expect(upstream.requests.count == 3)
                }
            }
        }

        @Test func `a response from Redis is served stale while it is fetched again`() async throws {
            let script = numbering("Cache-Control: max-age=60, stale-while-revalidate=600")
            try await withRedis { redis in
                try await withSharedCaches(redis, script) { gateways, upstream in
                    #expect(try await gateways[0].get("/a").text == "1")
                    try await redis.holds(1)
                    _ = try await gateways[0].admin("POST /cache/purge", body: "{\"all\":true,\"soft\":true}")
                    let stale = try await gateways[1].get("/a")
                    #expect(stale.text == "1")
                    #expect(stale["Cache-Status"]?.hasPrefix("gateway; hit") == true)
                    try await eventually("a request in the background") { upstream.requests.count == 2 }
                }
            }
        }

        @Test func `nobody gets from Redis what memory would not give`() async throws {
            let script = serving { request in
                switch request.target {
                case "/private": ok(request["Cookie"] ?? "", "Cache-Control: private, max-age=60")
                default: ok(request["Cookie"] ?? "")
                }
            }
            try await withRedis { redis in
                try await withSharedCaches(redis, script, "default_ttl = \"1m\"") { gateways, upstream in
                    _ = try await gateways[0].get("/private")
                    _ = try await gateways[0].get("/cookie", "Cookie: id=1")
                    _ = try await gateways[0].get("/anyone")
                    try await redis.holds(1)
                    #expect(try await redis.storedKeys().count == 1)
                    #expect(try await gateways[1].get("/anyone").text == "")
                    #expect(try await gateways[1].get("/anyone", "Cookie: id=2").text == "id=2")
                    #expect(upstream.requests.count == 4)
                }
            }
        }

        @Test func `what is larger than redis_max_object stays in memory`() async throws {
            let large = String(repeating: "x", count: 3000)
            let script = serving { request in
                ok(request.target == "/large" ? large : "small", "Cache-Control: max-age=60")
            }
            try await withRedis { redis in
                try await withSharedCaches(redis, script, "redis_max_object = \"2KiB\"") { gateways, upstream in
                    for _ in 0..<2 { #expect(try await gateways[0].get("/large").text == large) }
                    _ = try await gateways[0].get("/small")
                    try await redis.holds(1)
                    #expect(try await gateways[1].get("/large").text == large)
                    #expect(upstream.requests.count == 3)
                }
            }
        }

        @Test func `gateways with other prefixes share nothing`() async throws {
            try await withRedis { redis in
                try await withUpstream(numbering()) { upstream in
                    try await withGateway(sharedCache(upstream, redis.url)) { one in
                        let toml = sharedCache(upstream, redis.url, more: "prefix = \"other:\"")
                        try await withGateway(toml) { two in
                            #expect(try await one.get("/a").text == "1")
                            try await redis.holds(1)
                            #expect(try await two.get("/a").text == "2")
                            try await redis.holds(2)
                            #expect(try await one.get("/a").text == "1")
                        }
                    }
                }
            }
        }

        @Test func `responses and purges are shared over a cluster, also when their slots move`() async throws {
            try await withCluster { cluster in
                try await withUpstream(numbering()) { upstream in
                    let toml = sharedCache(upstream, cluster.url, more: "cluster = true")
                    let admin = AdminListen.address(.host("127.0.0.1", port: 0))
                    try await withGateways(2, toml, workers: 1, admin: admin) { gateways in
                        try await gateways.joined(nodes: 3)
                        let targets = (0..<6).map { "/\($0)" }
                        var texts: [String] = []
                        for target in targets { texts.append(try await gateways[0].get(target).text) }
                        try await eventuallyAsync("all responses in the cluster") {
                            var count = 0
                            for master in cluster.masters { count += (try? await master.storedKeys().count) ?? 0 }
                            return count == targets.count
                        }
                        for (target, text) in zip(targets, texts) {
                            #expect(try await gateways[1].get(target).text == text)
                        }
                        #expect(upstream.requests.count == targets.count)
                        // The gateways learn from the first command where the purges are now.
                        try await cluster.moveSlot(of: "gateway:cache:purges")
                        let purged = try await gateways[0].admin("POST /cache/purge", body: "{\"all\":true}").text
                        #expect(!purged.contains("pending"))
                        try await eventuallyAsync("the purge has arrived") {
                            (try? await gateways[1].get(targets[0]).text) != texts[0]
                        }
                    }
                }
            }
        }

        @Test func `no request fails when Redis dies under load`() async throws {
            try await withRedis { redis in
                let script = serving { request in ok(request.target, "Cache-Control: max-age=60") }
                try await withSharedCaches(redis, script, timeout: "50ms", workers: 2) { gateways, _ in
                    try await gateways.joined()
                    async let responses = gateways.flood(400, connections: 4) { number in
                        "GET /\(number % 97) HTTP/1.1\r\nHost: a.example\r\n\r\n"
                    }
                    try await redis.holds(1)
                    redis.stop()
                    let statuses = try await responses.map(\.status)
                    #expect(statuses.count == 400 && statuses.allSatisfy { $0 == 200 })
                    #expect(try await gateways[0].get("/97").text == "/97")
                }
            }
        }

        @Test func `a gateway serves without Redis, and shares once it comes`() async throws {
            let port = try RedisServer.freePort()
            try await withUpstream(numbering()) { upstream in
                let toml = sharedCache(upstream, "redis://127.0.0.1:\(port)")
                try await withGateways(2, toml, workers: 1) { gateways in
                    #expect(try await gateways[0].get("/before").text == "1")
                    let redis = try await RedisServer.start(port: port)
                    defer { redis.stop() }
                    try await gateways.joined()
                    _ = try await gateways[0].get("/a")
                    try await redis.holds(1)
                    try await eventuallyAsync("the purges were read") {
                        (try? await redis.send("EXISTS", "gateway:cache:purges")) == .integer(1)
                    }
                    _ = try await gateways[1].get("/a")
                    #expect(upstream.requests.count <= 3)
                }
            }
        }

        @Test func `a reload keeps the tier, and one without it lets it go`() async throws {
            try await withRedis { redis in
                try await withSharedCaches(redis, numbering()) { gateways, upstream in
                    _ = try await gateways[0].get("/a")
                    try await redis.holds(1)
                    let subscribers = try await redis.send("PUBSUB", "NUMSUB", "gateway:cache:purges")
                    try await gateways[1].reload(sharedCache(upstream, redis.url, "default_ttl = \"1s\""))
                    #expect(try await gateways[1].get("/a").text == "1")
                    #expect(try await redis.send("PUBSUB", "NUMSUB", "gateway:cache:purges") == subscribers)
                    for gateway in gateways.all {
                        try await gateway.reload(proxy(to: upstream.url, more: "[routes.cache]"))
                    }
                    try await eventuallyAsync("nobody is subscribed") {
                        (try? await redis.send("PUBSUB", "NUMSUB", "gateway:cache:purges"))
                            == .array([.bytes(ByteBuffer(string: "gateway:cache:purges")), .integer(0)])
                    }
                }
            }
        }
    }
}
