import GatewaySettings
import NIOCore

/// The servers that a client knows, and which of them has a key.
protocol RedisServers: AnyObject {
    func start()
    /// Closes all connections.
    func stop()
    /// Why no command can be sent, or nil if some can.
    var absence: String? { get }
    /// The server for a key, or for commands without one. It need not be up.
    func node(for key: ByteBuffer?) -> RedisNode?
    /// A server named another one for a slot: for good, or for one command.
    func node(at address: RedisURL.Host, for slot: Int, isForGood: Bool) -> RedisNode
    /// A server that is up, for messages of channels: this one, if it still is.
    func subscribable(preferring host: RedisURL.Host?) -> RedisURL.Host?
}

/// What a client tells its servers, so that they can open connections and report.
struct RedisSurroundings {
    let configuration: RedisConfiguration
    let eventLoop: any EventLoop
    let makeConnection: (RedisURL.Host, RedisHandshake.Role) -> RedisConnection
    let isUp: (RedisURL.Host) -> Void
    let isDown: (RedisURL.Host, String) -> Void
    /// Forgets all servers but these.
    let keep: (Set<RedisURL.Host>) -> Void
    /// The servers that can be used have changed.
    let changed: () -> Void

    func makeNode(_ host: RedisURL.Host, for role: RedisHandshake.Role) -> RedisNode {
        let makeConnection = self.makeConnection
        return RedisNode(host, size: self.configuration.connections, on: self.eventLoop) { makeConnection($0, role) }
    }
}

@available(*, unavailable)
extension RedisSurroundings: Sendable {}
