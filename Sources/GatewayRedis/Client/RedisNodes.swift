package import GatewayCore
import GatewaySettings
import Logging
import NIOCore
import Synchronization

/// The servers of Redis as all workers see them, for health, metrics, events and the log.
package final class RedisNodes: Sendable {
    package static let up = MetricDescription(
        "gateway_redis_up",
        .gauge(.minimum),
        help: "1 while all workers are connected to the server of Redis, otherwise 0.",
        labels: ["node"]
    )

    /// What is known about a server.
    package struct Condition: Hashable, Sendable {
        package let name: String
        /// The workers that are connected, and those that use the server.
        package let connected: Int
        package let workers: Int
        /// Why it is down; nil if it is up.
        package let problem: String?

        package var isUp: Bool { self.problem == nil }
    }

    private struct Node {
        /// By client. The value is why it is down.
        var problems: [Int: String] = [:]
        var connected: Set<Int> = []
        /// Whether operators were told that it is down.
        var isDown = false
        /// The reasons that they were told since then.
        var reasons: Set<String> = []
    }

    private struct State {
        var nodes: [String: Node] = [:]
        var nextClient = 0
        /// Whether operators were told that a server is down, and not yet that one is up again, perhaps another.
        var hasFallen = false
        var clients = Reference()
        /// When a refused command was logged last.
        var lastRefusal: NIODeadline?
    }

    private struct Reference {
        weak var value: RedisClients?
    }

    private let state = Mutex(State())
    private let events: any EventSink

    init(events: any EventSink) { self.events = events }

    /// Those of a gateway. There are none while nothing uses Redis.
    package static func of(_ shared: SharedState) -> RedisNodes {
        shared.object("redis") { RedisNodes(events: shared.events) }
    }

    /// Returns the clients for these settings: those of before, if they are still in use and nothing has changed.
    func clients(for settings: RedisClients.Settings, _ make: () -> RedisClients) -> RedisClients {
        self.state.withLock { state in
            if let known = state.clients.value, known.settings == settings { return known }
            let clients = make()
            state.clients.value = clients
            return clients
        }
    }

    // MARK: Reports

    func addClient() -> Int {
        self.state.withLock { state in
            state.nextClient += 1
            return state.nextClient
        }
    }

    /// A client is connected to a server.
    func up(_ name: String, client: Int, log: Logger) {
        let isNews = self.state.withLock { state in
            var node = state.nodes[name] ?? Node()
            let isFirst = node.problems.isEmpty && node.connected.isEmpty
            node.problems[client] = nil
            node.connected.insert(client)
            let isNews = node.problems.isEmpty && (node.isDown || isFirst)
            let isReturn = node.isDown || state.hasFallen
            if node.problems.isEmpty {
                node.isDown = false
                node.reasons = []
            }
            state.nodes[name] = node
            if state.nodes.values.allSatisfy(\.problems.isEmpty) { state.hasFallen = false }
            return isNews ? isReturn : nil
        }
        guard let isReturn = isNews else { return }
        log.notice("Redis is up", metadata: ["node": "\(name)"])
        if isReturn { self.publish("redis.up", .info, ["node": .string(name)]) }
    }

    /// A client has lost a server, or cannot reach it.
    func down(_ name: String, client: Int, because reason: String, log: Logger) {
        let news = self.state.withLock { state -> (isFirst: Bool, isReason: Bool) in
            var node = state.nodes[name] ?? Node()
            node.connected.remove(client)
            node.problems[client] = reason
            let isFirst = !node.isDown
            // A lost connection is told, and then, for instance, that the password is wrong; but no endless series.
            let isReason = node.reasons.count < Self.mostReasons && node.reasons.insert(reason).inserted
            node.isDown = true
            state.hasFallen = true
            state.nodes[name] = node
            return (isFirst, isReason)
        }
        if news.isFirst {
            log.warning("Redis is down", metadata: ["node": "\(name)", "reason": "\(reason)"])
            self.publish("redis.down", .warning, ["node": .string(name), "reason": .string(reason)])
        } else if news.isReason {
            log.warning("Redis is still down", metadata: ["node": "\(name)", "reason": "\(reason)"])
        }
    }

    /// The reasons that are told while a server is down.
    private static let mostReasons = 4

    /// A server replied to a command with an error: it is up, but its memory is full, or the user lacks a right. Told at
    /// most once a minute, because all requests may have the same fate.
    func refused(_ command: String, by name: String, because reason: String, at now: NIODeadline, log: Logger) {
        let isNews = self.state.withLock { state in
            if let last = state.lastRefusal, now < last + .minutes(1) { return false }
            state.lastRefusal = now
            return true
        }
        guard isNews else { return }
        let fields: Logger.Metadata = ["node": "\(name)", "command": "\(command)", "reason": "\(reason.prefix(200))"]
        log.warning("Redis refused a command", metadata: fields)
    }

    /// A client no longer uses the servers, or all but some of them.
    func forget(client: Int, but names: Set<String> = []) {
        self.state.withLock { state in
            for name in state.nodes.keys where !names.contains(name) {
                state.nodes[name]?.problems[client] = nil
                state.nodes[name]?.connected.remove(client)
                if let node = state.nodes[name], node.problems.isEmpty, node.connected.isEmpty {
                    state.nodes[name] = nil
                }
            }
        }
    }

    private func publish(_ type: String, _ severity: EventSeverity, _ data: [String: JSONValue]) {
        self.events.publish(GatewayEvent(type, severity, topic: "gateway", data))
    }

    // MARK: Conditions

    package var conditions: [Condition] {
        let nodes = self.state.withLock { $0.nodes }
        return nodes.sorted { $0.key < $1.key }.map { name, node in
            Condition(
                name: name,
                connected: node.connected.count,
                workers: node.connected.count + node.problems.count,
                problem: node.problems.min { $0.key < $1.key }?.value
            )
        }
    }

    package func families() -> [MetricFamily] {
        let conditions = self.conditions
        if conditions.isEmpty { return [] }
        var family = MetricFamily(Self.up)
        for condition in conditions { family.append([condition.name], condition.isUp ? 1 : 0) }
        return [family]
    }
}
