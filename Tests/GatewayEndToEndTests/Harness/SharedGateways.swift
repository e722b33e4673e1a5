import GatewayMiddlewares
import Logging
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayRedis
@testable import GatewaySettings

/// Gateways that share their state through Redis.
struct SharedGateways: Sendable {
    let all: [RunningGateway]
    let workers: Int

    subscript(index: Int) -> RunningGateway { self.all[index % self.all.count] }

    /// The servers of Redis as a gateway sees them.
    static func conditions(_ gateway: RunningGateway) -> [RedisNodes.Condition] {
        gateway.server.runtime.map { RedisNodes.of($0.shared).conditions } ?? []
    }

    /// Waits until all workers of all gateways are connected to so many servers, and no server is down.
    func joined(nodes: Int = 1) async throws {
        try await eventually("all gateways are connected to Redis") {
            self.all.allSatisfy { gateway in
                let conditions = Self.conditions(gateway)
                return conditions.count == nodes
                    && conditions.allSatisfy { $0.isUp && $0.connected == self.workers }
            }
        }
    }

    /// Waits until all gateways say that Redis is down.
    func parted() async throws {
        try await eventually("all gateways know that Redis is down") {
            self.all.allSatisfy { gateway in Self.conditions(gateway).contains { !$0.isUp } }
        }
    }

    /// The value of a metric that a gateway with the admin API reports.
    static func metric(_ series: String, of gateway: RunningGateway) async throws -> Double {
        let text = try await gateway.admin("GET /metrics").text
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix(series + " ") }
        return line.flatMap { $0.split(separator: " ").last.flatMap { Double($0) } } ?? 0
    }

    /// Sends requests over several connections to each gateway, all at the same time, and returns the responses.
    func flood(
        _ count: Int,
        connections: Int = 4,
        _ request: @escaping @Sendable (Int) -> String = { _ in "GET / HTTP/1.1\r\nHost: a\r\n\r\n" }
    ) async throws -> [Message] {
        let lanes = self.all.count * connections
        return try await withThrowingTaskGroup(of: [Message].self) { group in
            for lane in 0..<lanes {
                let gateway = self[lane]
                group.addTask {
                    let client = try await gateway.connect()
                    defer { client.close() }
                    let numbers = stride(from: lane, to: count, by: lanes)
                    try await client.send(numbers.map(request).joined())
                    var responses: [Message] = []
                    for _ in numbers { responses.append(try await client.response()) }
                    return responses
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }
}

/// Runs several gateways with the same configuration while `body` runs.
func withGateways<R>(
    _ count: Int = 3,
    _ toml: String,
    workers: Int = 2,
    admin: AdminListen = .off,
    log: Logger = Logger(label: "gateway"),
    middlewares: MiddlewareList = .standard,
    _ body: (SharedGateways) async throws -> R
) async throws -> R {
    try await withMoreGateways(count, [], toml, workers, admin, log, middlewares, body)
}

private func withMoreGateways<R>(
    _ count: Int,
    _ known: [RunningGateway],
    _ toml: String,
    _ workers: Int,
    _ admin: AdminListen,
    _ log: Logger,
    _ middlewares: MiddlewareList,
    _ body: (SharedGateways) async throws -> R
) async throws -> R {
    guard known.count < count else { return try await body(SharedGateways(all: known, workers: workers)) }
    return try await withGateway(toml, workers: workers, admin: admin, middlewares: middlewares, log: log) { gateway in
        try await withMoreGateways(count, known + [gateway], toml, workers, admin, log, middlewares, body)
    }
}

/// A configuration that limits all requests together through Redis.
///
/// - Parameter timeout: By default so long that no busy machine reaches it.
func limited(
    _ url: String,
    _ settings: String = "limit = \"40/day\"",
    timeout: String = "5s",
    redis: String = ""
) -> String {
    """
    [redis]
    url = "\(url)"
    timeout = "\(timeout)"
    \(redis)
    [[routes]]
    name = "all"
    path = "/*"
    respond = { status = 200, body = "hello" }
    [routes.rate_limit]
    store = "redis"
    \(settings)
    """
}
