import GatewaySettings
import NIOCore

/// A server as one worker uses it: its connections, which are opened again as long as one of them lives.
final class RedisNode {
    typealias MakeConnection = (RedisURL.Host) -> RedisConnection

    enum State: Equatable {
        case idle, opening, up
        case down(String)
    }

    let host: RedisURL.Host
    private let size: Int
    private let eventLoop: any EventLoop
    private let makeConnection: MakeConnection
    private var connections: [RedisConnection] = []
    private var backoff = RedisBackoff()
    private var retry: Scheduled<Void>?
    private(set) var state = State.idle
    /// Called when the server can be used, and when it no longer can.
    var onChange: ((RedisNode) -> Void)?

    init(_ host: RedisURL.Host, size: Int, on eventLoop: any EventLoop, _ makeConnection: @escaping MakeConnection) {
        self.host = host
        self.size = size
        self.eventLoop = eventLoop
        self.makeConnection = makeConnection
    }

    var isUp: Bool { self.state == .up }

    /// Opens the first connection. The others follow once the server has answered.
    func start() {
        guard self.state != .opening, self.state != .up else { return }
        self.state = .opening
        self.open()
    }

    /// The connection with the fewest commands.
    var connection: RedisConnection? {
        if self.connections.count == 1 { return self.connections[0].isReady ? self.connections[0] : nil }
        return self.connections.filter(\.isReady).min { $0.load < $1.load }
    }

    /// Closes all connections and reports that the server is down.
    func fail(_ reason: String) {
        guard self.state == .up || self.state == .opening else { return }
        self.close(reason)
        self.state = .down(reason)
        self.onChange?(self)
    }

    /// Closes all connections for good.
    func stop() {
        self.onChange = nil
        self.close("the gateway no longer uses it")
        self.state = .idle
    }

    private func close(_ reason: String) {
        self.retry?.cancel()
        let connections = self.connections
        self.connections = []
        for connection in connections {
            connection.onEnd = nil
            connection.end(reason)
        }
    }

    private func open() {
        let connection = self.makeConnection(self.host)
        self.connections.append(connection)
        connection.onReady = { [weak self] in self?.opened() }
        connection.onEnd = { [weak self, weak connection] reason in
            if let connection { self?.ended(connection, reason) }
        }
        connection.onTimeout = { [weak self] in self?.timedOut() }
        connection.open()
    }

    /// Commands go to several connections in turn, so their timeouts count together.
    private func timedOut() {
        let timeouts = self.connections.reduce(0) { $0 + $1.timeouts }
        if timeouts >= RedisPipeline<Void>.tolerated { self.fail(RedisConnection.silence) }
    }

    private func opened() {
        self.backoff.reset()
        guard self.state == .opening else { return }
        self.state = .up
        self.openMissing()
        self.onChange?(self)
    }

    private func openMissing() { while self.state == .up, self.connections.count < self.size { self.open() } }

    private func ended(_ connection: RedisConnection, _ reason: String) {
        self.connections.removeAll { $0 === connection }
        guard self.connections.contains(where: \.isReady) else { return self.fail(reason) }
        let delay = self.backoff.next(random: .random(in: 0...1))
        self.retry?.cancel()
        self.retry = self.eventLoop.assumeIsolated().scheduleTask(in: delay) { [weak self] in self?.openMissing() }
    }
}

@available(*, unavailable)
extension RedisNode: Sendable {}
