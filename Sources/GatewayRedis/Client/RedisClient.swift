import GatewayCore
package import GatewaySettings
import Logging
package import NIOCore

/// Sends the commands of one worker to Redis.
///
/// Nothing waits for a server that is down: commands then fail at once, until the server answers again.
package final class RedisClient {
    package let configuration: RedisConfiguration
    private let eventLoop: any EventLoop
    private let meters: RedisMeters
    private let nodes: RedisNodes
    private let number: Int
    private let log: Logger
    private let servers: any RedisServers
    private let security: RedisSecurity?
    /// Keeps what belongs to all workers.
    private let clients: RedisClients
    private let subscriptions: Subscriptions

    private final class Subscriptions {
        var all: [Weak] = []
        struct Weak { weak var value: RedisSubscription? }
    }

    init(
        _ clients: RedisClients,
        _ configuration: RedisConfiguration,
        _ security: RedisSecurity?,
        _ nodes: RedisNodes,
        of worker: Worker
    ) {
        let eventLoop = worker.eventLoop
        let number = nodes.addClient()
        let log = worker.log
        let subscriptions = Subscriptions()
        self.clients = clients
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.meters = RedisMeters(worker.meters)
        self.nodes = nodes
        self.number = number
        self.log = log
        self.security = security
        self.subscriptions = subscriptions
        let surroundings = RedisSurroundings(
            configuration: configuration,
            eventLoop: eventLoop,
            makeConnection: { RedisConnection(to: $0, for: $1, configuration, security, on: eventLoop) },
            isUp: { nodes.up($0.description, client: number, log: log) },
            isDown: { host, reason in
                nodes.down(host.description, client: number, because: reason, log: log)
                for subscription in subscriptions.all { subscription.value?.serverIsDown() }
            },
            keep: { nodes.forget(client: number, but: Set($0.map(\.description))) },
            changed: { for subscription in subscriptions.all { subscription.value?.serversChanged() } }
        )
        self.servers = configuration.cluster ? RedisCluster(surroundings) : RedisMaster(surroundings)
        // Later, so that a configuration that is only checked opens no connections.
        let client = NIOLoopBound(Weak(value: self), eventLoop: eventLoop)
        eventLoop.execute { client.value.value?.servers.start() }
    }

    private struct Weak { weak var value: RedisClient? }

    deinit {
        self.servers.stop()
        self.nodes.forget(client: self.number)
    }

    /// Why commands fail at once, or nil if they are sent.
    package var absence: String? { self.servers.absence }

    /// The time limit of a limiter's commands.
    package var timeout: TimeAmount { .nanoseconds(self.configuration.timeout.nanoseconds) }

    package var deadline: NIODeadline { self.eventLoop.now + self.timeout }

    // MARK: Commands

    /// Sends a command. A command that may have been executed is never sent again.
    ///
    /// - Parameter done: Called once, on the event loop, within `timeout`, perhaps before this function returns. An error of
    ///   the server is a reply.
    package func send(
        _ command: RedisCommand,
        timeout: TimeAmount,
        _ done: @escaping (Result<RedisReply, RedisError>) -> Void
    ) {
        self.send(command, deadline: self.eventLoop.now + timeout, done)
    }

    /// - Parameter done: Called once, on the event loop, at the deadline at the latest.
    package func send(
        _ command: RedisCommand,
        deadline: NIODeadline,
        _ done: @escaping (Result<RedisReply, RedisError>) -> Void
    ) {
        guard self.eventLoop.now < deadline else { return done(.failure(.timeout)) }
        self.attempt(self.call(command, deadline, done), at: self.servers.node(for: command.key))
    }

    /// Sends two commands for the same key, one right after the other on one connection.
    ///
    /// - Parameter done: Called once, on the event loop, when both are over.
    package func send(
        _ first: RedisCommand,
        then second: RedisCommand,
        timeout: TimeAmount,
        _ done: @escaping (_ first: Result<RedisReply, RedisError>, _ second: Result<RedisReply, RedisError>) -> Void
    ) {
        let deadline = self.eventLoop.now + timeout
        let node = self.servers.node(for: first.key)
        let connection = node?.connection
        var results: (Result<RedisReply, RedisError>?, Result<RedisReply, RedisError>?)
        func end() { if let first = results.0, let second = results.1 { done(first, second) } }
        let calls = [
            self.call(first, deadline) { result in
                results.0 = result
                end()
            },
            self.call(second, deadline) { result in
                results.1 = result
                end()
            },
        ]
        for call in calls { self.attempt(call, at: node, on: connection) }
    }

    private func call(
        _ command: RedisCommand,
        _ deadline: NIODeadline,
        _ done: @escaping (Result<RedisReply, RedisError>) -> Void
    ) -> Call {
        let begun = self.eventLoop.now
        return Call(command: command, deadline: deadline) { [meters = self.meters, eventLoop] result in
            meters.count(command.name, result, after: eventLoop.now - begun)
            done(result)
        }
    }

    private struct Call {
        let command: RedisCommand
        let deadline: NIODeadline
        let done: (Result<RedisReply, RedisError>) -> Void
        var redirections = 0
    }

    /// More would be a cluster that contradicts itself.
    private static let mostRedirections = 5
    /// The pause before a command that a cluster cannot serve at the moment is sent again.
    private static let pause = TimeAmount.milliseconds(10)

    private func attempt(
        _ call: Call,
        at node: RedisNode?,
        on connection: RedisConnection? = nil,
        isAsking: Bool = false
    ) {
        guard let node, let connection = connection ?? node.connection else {
            // A master that has just been named is being connected.
            if let node, call.redirections > 0, node.state == .opening { return self.attemptLater(call, "opening") }
            return call.done(.failure(.down(self.servers.absence ?? node?.problem ?? "no server has the slot")))
        }
        connection.send(call.command, deadline: call.deadline, isAsking: isAsking) { [self] result in
            guard case .success(.error(let text)) = result else { return call.done(result) }
            self.received(text, for: call, from: node)
        }
    }

    private func received(_ text: String, for call: Call, from node: RedisNode) {
        switch text.prefix(while: { $0 != " " }) {
        case "READONLY", "LOADING", "MASTERDOWN", "NOAUTH",
            _ where text.isReadOnlyInScript:
            node.fail("it cannot serve commands: \(text)")
            call.done(.failure(.refused(text)))
        case "TRYAGAIN" where self.configuration.cluster, "CLUSTERDOWN" where self.configuration.cluster:
            self.attemptLater(call, text)
        case "MOVED" where self.configuration.cluster, "ASK" where self.configuration.cluster:
            guard let redirection = RedisRedirection(text, asked: node.host),
                call.redirections < Self.mostRedirections, self.eventLoop.now < call.deadline
            else { return call.done(.failure(.refused(text))) }
            var call = call
            call.redirections += 1
            let next = self.servers.node(
                at: redirection.host,
                for: redirection.slot,
                isForGood: redirection.isForGood
            )
            self.attempt(call, at: next, isAsking: !redirection.isForGood)
        // The server has just started. Its clients send the script then.
        case "NOSCRIPT": call.done(.success(.error(text)))
        default:
            let (name, now) = (node.host.description, self.eventLoop.now)
            self.nodes.refused(call.command.name, by: name, because: text, at: now, log: self.log)
            call.done(.success(.error(text)))
        }
    }

    /// Sends a command again that was not executed.
    private func attemptLater(_ call: Call, _ reason: String) {
        guard self.eventLoop.now + Self.pause < call.deadline else { return call.done(.failure(.refused(reason))) }
        self.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) { [self] in
            self.attempt(call, at: self.servers.node(for: call.command.key))
        }
    }

    // MARK: Channels

    /// Subscribes to a channel, now and whenever the connection was lost, until the subscription is released.
    ///
    /// - Parameters:
    ///   - onMessage: Called on the event loop with each message.
    ///   - onChange: Called on the event loop with true when messages begin to come, and with false when the connection
    ///     was lost or cannot be made: messages may be missing then.
    package func subscribe(
        to channel: String,
        onMessage: @escaping (ByteBuffer) -> Void,
        onChange: @escaping (_ isSubscribed: Bool) -> Void
    ) -> RedisSubscription {
        let subscription = RedisSubscription(
            channel,
            host: { [weak self] in self?.servers.subscribable(preferring: $0) },
            makeConnection: { [configuration, security, eventLoop] host in
                RedisConnection(to: host, for: .subscriber, configuration, security, on: eventLoop)
            },
            on: self.eventLoop,
            onMessage: onMessage,
            onChange: onChange
        )
        self.subscriptions.all.removeAll { $0.value == nil }
        self.subscriptions.all.append(Subscriptions.Weak(value: subscription))
        subscription.serversChanged()
        return subscription
    }
}

@available(*, unavailable)
extension RedisClient: Sendable {}

extension RedisNode {
    /// Why the server is down.
    fileprivate var problem: String? { if case .down(let reason) = self.state { reason } else { nil } }
}

extension String {
    /// Before version 7, Redis wraps what a command of a script replied.
    fileprivate var isReadOnlyInScript: Bool {
        self.hasPrefix("ERR Error running script") && self.contains("-READONLY ")
    }
}
