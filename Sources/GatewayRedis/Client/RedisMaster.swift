import GatewaySettings
import NIOCore

/// The one server that is used: the first of the hosts that takes writes, or the master that Sentinels name.
final class RedisMaster: RedisServers {
    private let surroundings: RedisSurroundings
    private let hosts: [RedisURL.Host]
    private var node: RedisNode?
    private var backoff = RedisBackoff()
    private var timer: Scheduled<Void>?
    /// Why the hosts that were tried in this round cannot be used.
    private var problems: [RedisURL.Host: String] = [:]
    private var problem = "it was not tried yet"
    /// The connection to a Sentinel that is being asked.
    private var sentinel: RedisConnection?

    init(_ surroundings: RedisSurroundings) {
        self.surroundings = surroundings
        self.hosts = surroundings.configuration.url.hosts
    }

    var absence: String? { self.node?.isUp == true ? nil : self.problem }

    func node(for key: ByteBuffer?) -> RedisNode? { self.node }

    func node(at address: RedisURL.Host, for slot: Int, isForGood: Bool) -> RedisNode {
        self.node ?? self.surroundings.makeNode(address, for: .master)
    }

    func subscribable(preferring host: RedisURL.Host?) -> RedisURL.Host? {
        self.node.flatMap { $0.isUp ? $0.host : nil }
    }

    func start() { self.seek(0) }

    func stop() {
        self.timer?.cancel()
        self.sentinel?.onEnd = nil
        self.sentinel?.end("the gateway no longer uses it")
        self.node?.stop()
        self.node = nil
    }

    /// Tries the hosts from this one on.
    private func seek(_ index: Int) {
        guard index < self.hosts.count else { return self.rest() }
        if self.surroundings.configuration.sentinel.isEmpty {
            self.join(self.hosts[index], orSeek: index + 1)
        } else {
            self.ask(index)
        }
    }

    private func join(_ host: RedisURL.Host, orSeek next: Int) {
        let node = self.surroundings.makeNode(host, for: .master)
        self.node = node
        node.onChange = { [weak self] node in
            guard let self, self.node === node else { return }
            switch node.state {
            case .up: self.joined(node)
            case .down(let reason):
                self.node = nil
                self.problems[host] = reason
                self.problem = reason
                self.seek(next)
            case .idle, .opening: break
            }
        }
        node.start()
    }

    private func joined(_ node: RedisNode) {
        self.problems = [:]
        self.backoff.reset()
        node.onChange = { [weak self] node in
            guard let self, self.node === node, case .down(let reason) = node.state else { return }
            self.node = nil
            self.problem = reason
            self.problems = [node.host: reason]
            self.rest()
        }
        self.surroundings.keep([node.host])
        self.surroundings.isUp(node.host)
        self.surroundings.changed()
    }

    /// No host can be used. Tries all again later.
    private func rest() {
        for (host, reason) in self.problems { self.surroundings.isDown(host, reason) }
        self.problems = [:]
        self.surroundings.changed()
        let delay = self.backoff.next(random: .random(in: 0...1))
        self.timer = self.surroundings.eventLoop.assumeIsolated().scheduleTask(in: delay) { [weak self] in
            self?.seek(0)
        }
    }

    // MARK: Sentinels

    private func ask(_ index: Int) {
        let host = self.hosts[index]
        let connection = self.surroundings.makeConnection(host, .sentinel)
        self.sentinel = connection
        connection.onEnd = { [weak self] reason in self?.answered(.failure(.lost(reason)), index) }
        connection.onReady = { [weak self, weak connection] in
            guard let self, let connection else { return }
            let command = RedisCommand("SENTINEL", "get-master-addr-by-name", self.surroundings.configuration.sentinel)
            let deadline = self.surroundings.eventLoop.now + .seconds(1)
            connection.send(command, deadline: deadline) { [weak self] result in self?.answered(result, index) }
        }
        connection.open()
    }

    private func answered(_ result: Result<RedisReply, RedisError>, _ index: Int) {
        guard let sentinel = self.sentinel else { return }
        self.sentinel = nil
        sentinel.onEnd = nil
        sentinel.end("it has answered")
        switch result {
        case .success(let reply):
            if let master = reply.address { return self.join(master, orSeek: index + 1) }
            let name = self.surroundings.configuration.sentinel
            self.fail(index, reply == .null ? "the Sentinel knows no master \(name)" : "the Sentinel refuses to answer")
        case .failure(let error): self.fail(index, "the Sentinel: \(error.reason)")
        }
    }

    private func fail(_ index: Int, _ reason: String) {
        self.problems[self.hosts[index]] = reason
        self.problem = reason
        self.seek(index + 1)
    }
}

@available(*, unavailable)
extension RedisMaster: Sendable {}

extension RedisReply {
    /// A host and a port.
    fileprivate var address: RedisURL.Host? {
        guard case .array(let parts) = self, parts.count == 2, let name = parts[0].text, !name.isEmpty,
            let port = parts[1].text.flatMap({ Int($0) }), (1...65_535).contains(port)
        else { return nil }
        return RedisURL.Host(name, port: port)
    }

    /// The text of a string or status.
    var text: String? {
        switch self {
        case .bytes(let bytes): String(buffer: bytes)
        case .status(let text): text
        case .null, .error, .integer, .array: nil
        }
    }
}
