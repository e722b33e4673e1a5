import Testing

@testable import GatewayCore
@testable import GatewayRedis

extension EndToEnd {
    /// Servers that take over from others under load. They take seconds to agree, so these tests are among the thorough ones.
    @Suite(
        .enabled(if: RedisServer.isInstalled, "redis-server is not installed"),
        .enabled(if: Thoroughness.isFull, "`make test-thorough` runs it")
    )
    struct RedisTopologyTests {
        private static func request(_ key: Int) -> String { "GET / HTTP/1.1\r\nHost: a\r\nX-Key: \(key)\r\n\r\n" }

        /// Sends requests until a task is cancelled, and returns their statuses.
        private static func load(_ gateways: SharedGateways, keys: Int) -> Task<Set<Int>, any Error> {
            Task {
                var statuses: Set<Int> = []
                while !Task.isCancelled {
                    let responses = try await gateways.flood(60, connections: 2) { Self.request($0 % keys) }
                    statuses.formUnion(responses.map(\.status))
                }
                return statuses
            }
        }

        @Test func `limits of a cluster are exact while slots move, and go on when a master is lost`() async throws {
            try await withCluster { cluster in
                let settings = "limit = \"10/day\"\nkey = \"header:X-Key\""
                try await withGateways(3, limited(cluster.url, settings, redis: "cluster = true")) { gateways in
                    try await gateways.joined(nodes: 3)
                    // The keys of several clients are in all slots.
                    let responses = try await gateways.flood(600) { Self.request($0 % 20) }
                    #expect(responses.count { $0.status == 200 } == 200)
                    for master in cluster.masters {
                        guard case .integer(let keys) = try await master.send("DBSIZE") else { continue }
                        #expect(keys > 0)
                    }
                    try await Self.move(in: cluster, gateways)
                    try await Self.lose(in: cluster, gateways)
                }
            }
        }

        /// Moves the slot of a key that is being counted to another master.
        private static func move(in cluster: ClusterServers, _ gateways: SharedGateways) async throws {
            let (source, target) = (cluster.masters[0], cluster.masters[1])
            let ids = (try await ClusterServers.id(of: source), try await ClusterServers.id(of: target))
            let old = try await Self.keys(of: source)
            // A key of its own, so that its count is known.
            var number = 1000
            while try await Self.keys(of: source) == old {
                number += 1
                _ = try await gateways.flood(1) { [number] _ in Self.request(number) }
            }
            let request = Self.request(number)
            let key = try #require(try await Self.keys(of: source).subtracting(old).first)
            guard case .integer(let slot) = try await source.send("CLUSTER", "KEYSLOT", key) else {
                Issue.record("no slot")
                return
            }
            async let flood = gateways.flood(300) { _ in request }
            try await target.send("CLUSTER", "SETSLOT", "\(slot)", "IMPORTING", ids.0)
            try await source.send("CLUSTER", "SETSLOT", "\(slot)", "MIGRATING", ids.1)
            let moved = try await source.send("MIGRATE", "127.0.0.1", "\(target.port)", key, "0", "5000")
            #expect(moved == .status("OK"))
            // The slot is moving: the source asks for a detour to the target.
            let passed = try await flood.count { $0.status == 200 }
            #expect(passed == 9)
            #expect(try await gateways.flood(6) { _ in request }.allSatisfy { $0.status == 429 })
            for server in [target, source] {
                try await server.send("CLUSTER", "SETSLOT", "\(slot)", "NODE", ids.1)
            }
            // The source sends all to the target.
            #expect(try await gateways.flood(6) { _ in request }.allSatisfy { $0.status == 429 })
            #expect(try await Self.keys(of: target).contains(key))
        }

        private static func keys(of server: RedisServer) async throws -> Set<String> {
            guard case .array(let keys) = try await server.send("KEYS", "*") else { return [] }
            return Set(keys.compactMap(\.text))
        }

        /// Ends the master that has a replica.
        private static func lose(in cluster: ClusterServers, _ gateways: SharedGateways) async throws {
            let load = Self.load(gateways, keys: 20)
            defer { load.cancel() }
            cluster.masters[0].stop()
            let names = Set(([cluster.replica] + cluster.masters.dropFirst()).map { "127.0.0.1:\($0.port)" })
            try await eventually("all gateways use the replica") {
                gateways.all.allSatisfy { gateway in
                    let conditions = SharedGateways.conditions(gateway)
                    return Set(conditions.map(\.name)) == names
                        && conditions.allSatisfy { $0.isUp && $0.connected == gateways.workers }
                }
            }
            load.cancel()
            // All limits were used up before: no gateway forgot that, and none failed.
            #expect(try await load.value == [429])
            #expect(try await gateways.flood(60) { Self.request($0 % 20) }.allSatisfy { $0.status == 429 })
        }

        @Test func `a master that Sentinels replace is followed, under load`() async throws {
            try await withSentinel { servers in
                let toml = limited("redis://127.0.0.1:\(servers.sentinel.port)", redis: "sentinel = \"main\"")
                try await withGateways(2, toml) { gateways in
                    try await gateways.joined()
                    #expect(SharedGateways.conditions(gateways[0]).map(\.name) == ["127.0.0.1:\(servers.master.port)"])
                    #expect(try await gateways.flood(200).count { $0.status == 200 } == 40)
                    let load = Self.load(gateways, keys: 1)
                    defer { load.cancel() }
                    try await servers.failOver()
                    let name = "127.0.0.1:\(servers.replica.port)"
                    try await eventually("all gateways use the replica") {
                        gateways.all.allSatisfy { gateway in
                            let conditions = SharedGateways.conditions(gateway)
                            return conditions.map(\.name) == [name] && conditions[0].connected == gateways.workers
                        }
                    }
                    load.cancel()
                    #expect(try await load.value == [429])
                    #expect(try await gateways.flood(60).allSatisfy { $0.status == 429 })
                }
            }
        }
    }
}
