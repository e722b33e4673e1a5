import GatewaySettings
import NIOCore

/// A subscription to a channel, on a connection of its own.
package final class RedisSubscription {
    private let channel: ByteBuffer
    private let host: (RedisURL.Host?) -> RedisURL.Host?
    private let makeConnection: (RedisURL.Host) -> RedisConnection
    private let eventLoop: any EventLoop
    private let onMessage: (ByteBuffer) -> Void
    private let onChange: (Bool) -> Void
    private var connection: RedisConnection?
    private var isSubscribed = false
    private var backoff = RedisBackoff()
    private var timer: Scheduled<Void>?

    init(
        _ channel: String,
        host: @escaping (_ current: RedisURL.Host?) -> RedisURL.Host?,
        makeConnection: @escaping (RedisURL.Host) -> RedisConnection,
        on eventLoop: any EventLoop,
        onMessage: @escaping (ByteBuffer) -> Void,
        onChange: @escaping (Bool) -> Void
    ) {
        self.channel = ByteBuffer(string: channel)
        self.host = host
        self.makeConnection = makeConnection
        self.eventLoop = eventLoop
        self.onMessage = onMessage
        self.onChange = onChange
    }

    deinit {
        self.timer?.cancel()
        guard let connection = self.connection else { return }
        connection.onEnd = nil
        connection.onMessage = nil
        connection.end("the gateway no longer uses it")
    }

    /// Follows the server that commands are sent to.
    func serversChanged() {
        guard let host = self.host(self.connection?.host) else {
            self.timer?.cancel()
            return self.close("the server is down")
        }
        if let connection = self.connection {
            if connection.host == host { return }
            // Messages must come from the server that the commands of this gateway go to.
            return self.close("another server is used")
        }
        self.open(host)
    }

    /// A server cannot be used. If there is no other, the channel cannot be subscribed.
    func serverIsDown() { if self.host(self.connection?.host) == nil, !self.isSubscribed { self.onChange(false) } }

    private func close(_ reason: String) { self.connection?.end(reason) }

    private func open(_ host: RedisURL.Host) {
        self.timer?.cancel()
        let connection = self.makeConnection(host)
        self.connection = connection
        connection.onReady = { [weak self, weak connection] in
            if let self, let connection { self.subscribe(on: connection) }
        }
        connection.onEnd = { [weak self] _ in self?.ended() }
        connection.open()
    }

    private func subscribe(on connection: RedisConnection) {
        connection.onMessage = { [weak self] reply in self?.received(reply) ?? false }
        let command = RedisCommand([ByteBuffer(string: "SUBSCRIBE"), self.channel], key: nil)
        connection.send(command, deadline: self.eventLoop.now + .seconds(1)) { [weak self, weak connection] result in
            guard let self, let connection, self.connection === connection else { return }
            guard case .success(.array(let parts)) = result, parts.first?.text == "subscribe" else {
                return connection.end("it refuses the subscription")
            }
            self.backoff.reset()
            self.isSubscribed = true
            self.onChange(true)
        }
    }

    /// Takes messages. Other replies belong to commands.
    private func received(_ reply: RedisReply) -> Bool {
        guard case .array(let parts) = reply, parts.count == 3, parts[0].text == "message" else { return false }
        if case .bytes(let message) = parts[2], self.isSubscribed { self.onMessage(message) }
        return true
    }

    private func ended() {
        self.connection = nil
        self.isSubscribed = false
        let delay = self.backoff.next(random: .random(in: 0...1))
        self.timer?.cancel()
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(in: delay) { [weak self] in
            self?.serversChanged()
        }
        self.onChange(false)
    }
}

@available(*, unavailable)
extension RedisSubscription: Sendable {}
