@testable import GatewayRedis

/// Masters of a cluster, with a third of the slots each, and a replica of the first.
struct ClusterServers: Sendable {
    let masters: [RedisServer]
    let replica: RedisServer

    var url: String { "redis://" + self.masters.map { "127.0.0.1:\($0.port)" }.joined(separator: ",") }

    fileprivate static func start(in folder: String) async throws -> ClusterServers {
        var servers: [(server: RedisServer, bus: Int)] = []
        for index in 0..<4 {
            let bus = try RedisServer.freePort()
            let server = try await RedisServer.start([
                "--cluster-enabled", "yes", "--cluster-port", "\(bus)", "--cluster-node-timeout", "1500", "--dir",
                folder,
                "--cluster-config-file", "nodes\(index).conf", "--cluster-require-full-coverage", "no",
                "--repl-diskless-sync-delay", "0",
            ])
            servers.append((server, bus))
        }
        let bounds = [0, 5461, 10_923, RedisSlot.count]
        for (index, entry) in servers.enumerated() {
            try await entry.server.send("CLUSTER", "SET-CONFIG-EPOCH", "\(index + 1)")
            if index < 3 {
                try await entry.server.send("CLUSTER", "ADDSLOTSRANGE", "\(bounds[index])", "\(bounds[index + 1] - 1)")
            }
        }
        for entry in servers.dropFirst() {
            try await servers[0].server.send("CLUSTER", "MEET", "127.0.0.1", "\(entry.server.port)", "\(entry.bus)")
        }
        let cluster = ClusterServers(masters: servers.prefix(3).map(\.server), replica: servers[3].server)
        let first = try await Self.id(of: cluster.masters[0])
        try await eventuallyAsync("the replica follows its master") {
            (try? await cluster.replica.send("CLUSTER", "REPLICATE", first)) == .status("OK")
        }
        for server in cluster.masters + [cluster.replica] {
            try await eventuallyAsync("the cluster is whole") {
                let info = try? await server.send("CLUSTER", "INFO").text
                return info?.contains("cluster_state:ok") == true && info?.contains("cluster_known_nodes:4") == true
            }
        }
        try await eventuallyAsync("the replica is in sync") {
            (try? await cluster.replica.send("INFO", "replication").text)?.contains("master_link_status:up") == true
        }
        return cluster
    }

    static func id(of server: RedisServer) async throws -> String {
        try await server.send("CLUSTER", "MYID").text ?? ""
    }

    func stop() { for server in self.masters + [self.replica] { server.stop() } }
}

/// Runs a cluster while `body` runs.
func withCluster<R>(_ body: (ClusterServers) async throws -> R) async throws -> R {
    try await withFolder { folder in
        let cluster = try await ClusterServers.start(in: folder)
        defer { cluster.stop() }
        return try await body(cluster)
    }
}

/// A master with a replica, and a Sentinel that knows the master as `main`.
struct SentinelServers: Sendable {
    let master: RedisServer
    let replica: RedisServer
    let sentinel: RedisServer

    fileprivate static func start(in folder: String) async throws -> SentinelServers {
        let master = try await RedisServer.start("--repl-diskless-sync-delay", "0")
        let replica = try await RedisServer.start("--replicaof", "127.0.0.1", "\(master.port)")
        try await eventuallyAsync("the replica is in sync") {
            (try? await replica.send("INFO", "replication").text)?.contains("master_link_status:up") == true
        }
        let file = "\(folder)/sentinel.conf"
        try """
        sentinel monitor main 127.0.0.1 \(master.port) 1
        sentinel down-after-milliseconds main 1000
        sentinel failover-timeout main 2000

        """.write(to: file)
        let sentinel = try await RedisServer.start(["--sentinel"], file: file)
        return SentinelServers(master: master, replica: replica, sentinel: sentinel)
    }

    func failOver() async throws {
        try await eventuallyAsync("the Sentinel knows the replica") {
            (try? await self.sentinel.send("SENTINEL", "FAILOVER", "main")) == .status("OK")
        }
    }

    func stop() { for server in [self.sentinel, self.master, self.replica] { server.stop() } }
}

/// Runs a master, a replica and a Sentinel while `body` runs.
func withSentinel<R>(_ body: (SentinelServers) async throws -> R) async throws -> R {
    try await withFolder { folder in
        let servers = try await SentinelServers.start(in: folder)
        defer { servers.stop() }
        return try await body(servers)
    }
}
