import NIOConcurrencyHelpers
import NIOCore

@testable import GatewayRedis
@testable import GatewaySettings

/// Runs gateways with a cache in front of one upstream, which share what they store through Redis.
///
/// - Parameters:
///   - settings: Further settings of the cache.
///   - timeout: By default so long that no busy machine reaches it.
func withSharedCaches<R>(
    _ redis: RedisServer,
    _ script: @escaping ScriptedUpstream.Script,
    _ settings: String = "",
    timeout: String = "5s",
    gateways: Int = 2,
    workers: Int = 1,
    _ body: (SharedGateways, ScriptedUpstream) async throws -> R
) async throws -> R {
    try await withUpstream(script) { upstream in
        let toml = sharedCache(upstream, redis.url, settings, timeout: timeout)
        let admin = AdminListen.address(.host("127.0.0.1", port: 0))
        return try await withGateways(gateways, toml, workers: workers, admin: admin) { gateways in
            try await body(gateways, upstream)
        }
    }
}

/// A configuration with a cache that is shared through Redis.
func sharedCache(
    _ upstream: ScriptedUpstream,
    _ redis: String,
    _ settings: String = "",
    timeout: String = "5s",
    more: String = ""
) -> String {
    let more = """
        [routes.cache]
        store = "redis"
        \(settings)
        [redis]
        url = "\(redis)"
        timeout = "\(timeout)"
        \(more)
        """
    return proxy(to: upstream.url, more: more)
}

/// Answers with the number of the request, to be stored for a minute.
func numbering(_ fields: String...) -> ScriptedUpstream.Script {
    let count = NIOLockedValueBox(0)
    return serving { request in
        if request.method != "GET" { return ok() }
        let number = count.withLockedValue { count in
            count += 1
            return count
        }
        let body = "\(number)"
        let lines = (fields.isEmpty ? ["Cache-Control: max-age=60"] : fields).map { $0 + "\r\n" }.joined()
        return "HTTP/1.1 200 OK\r\n\(lines)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
}

extension RedisServer {
    /// The keys of stored responses and their variants.
    func storedKeys() async throws -> [String] {
        guard case .array(let keys) = try await self.send("KEYS", "*:cache:*") else { return [] }
        return keys.compactMap(\.text).filter { !$0.hasSuffix(":purges") }
    }

    /// Waits until so many keys are stored. Responses are written after they have been sent.
    func holds(_ count: Int) async throws {
        try await eventuallyAsync("\(count) keys in Redis") {
            (try? await self.storedKeys().count) ?? 0 >= count
        }
    }
}

extension ClusterServers {
    /// Moves the slot of a key to another master, with all that is in it.
    func moveSlot(of key: String) async throws {
        let slot = RedisSlot.of(ByteBuffer(string: key))
        for source in self.masters {
            guard case .array(let keys) = try await source.send("CLUSTER", "GETKEYSINSLOT", "\(slot)", "100"),
                !keys.isEmpty, let target = self.masters.first(where: { $0 !== source })
            else { continue }
            let ids = (source: try await Self.id(of: source), target: try await Self.id(of: target))
            try await target.send("CLUSTER", "SETSLOT", "\(slot)", "IMPORTING", ids.source)
            try await source.send("CLUSTER", "SETSLOT", "\(slot)", "MIGRATING", ids.target)
            for key in keys.compactMap(\.text) {
                try await source.send("MIGRATE", "127.0.0.1", "\(target.port)", key, "0", "5000")
            }
            for master in [target, source] {
                try await master.send("CLUSTER", "SETSLOT", "\(slot)", "NODE", ids.target)
            }
            return
        }
    }
}
