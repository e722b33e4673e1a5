import GatewaySettings
import NIOCore

/// The servers of a cluster. The hosts of the URL are asked for the others.
final class RedisCluster: RedisServers {
    private let surroundings: RedisSurroundings
    private var slots = RedisSlots()
    private var nodes: [RedisURL.Host: RedisNode] = [:]
    private var backoffs: [RedisURL.Host: RedisBackoff] = [:]
    private var retries: [RedisURL.Host: Scheduled<Void>] = [:]
    private var refreshTimer: Scheduled<Void>?
    private var isRefreshing = false
    private var problem = "it was not tried yet"
    /// The next server to ask for the map.
    private var turn = 0

    /// The longest time until the map is read again.
    private static let interval = TimeAmount.seconds(30)
    /// The shortest time between two readings.
    private static let pause = TimeAmount.milliseconds(100)

    init(_ surroundings: RedisSurroundings) { self.surroundings = surroundings }

    var absence: String? {
        self.slots.masters.contains { self.nodes[$0]?.isUp == true } ? nil : self.problem
    }

    func node(for key: ByteBuffer?) -> RedisNode? {
        guard let key else { return self.nodes.values.first(where: \.isUp) }
        return self.slots[RedisSlot.of(key)].flatMap { self.nodes[$0] }
    }

    func subscribable(preferring host: RedisURL.Host?) -> RedisURL.Host? {
        if let host, self.nodes[host]?.isUp == true { return host }
        return self.slots.masters.first { self.nodes[$0]?.isUp == true }
    }

    func node(at address: RedisURL.Host, for slot: Int, isForGood: Bool) -> RedisNode {
        if isForGood {
            self.slots.assign(slot...slot, to: address)
            self.refreshSoon()
        }
        let node = self.add(address)
        node.start()
        return node
    }

    func start() {
        for host in self.surroundings.configuration.url.hosts { self.add(host).start() }
    }

    func stop() {
        self.refreshTimer?.cancel()
        for retry in self.retries.values { retry.cancel() }
        for node in self.nodes.values { node.stop() }
        self.nodes = [:]
    }

    // MARK: Servers

    private func add(_ host: RedisURL.Host) -> RedisNode {
        if let known = self.nodes[host] { return known }
        let node = self.surroundings.makeNode(host, for: .node)
        self.nodes[host] = node
        node.onChange = { [weak self] node in self?.changed(node) }
        return node
    }

    private func changed(_ node: RedisNode) {
        switch node.state {
        case .up:
            self.backoffs[node.host] = nil
            if self.slots.masters.isEmpty { self.refresh() } else { self.surroundings.isUp(node.host) }
        case .down(let reason):
            self.problem = reason
            self.surroundings.isDown(node.host, reason)
            self.retry(node)
            // A replica may have taken over.
            self.refreshSoon()
        case .idle, .opening: break
        }
        self.surroundings.changed()
    }

    private func retry(_ node: RedisNode) {
        let delay = self.backoffs[node.host, default: RedisBackoff()].next(random: .random(in: 0...1))
        self.retries[node.host]?.cancel()
        self.retries[node.host] = self.surroundings.eventLoop.assumeIsolated().scheduleTask(in: delay) {
            [weak self, weak node] in
            guard let self, let node, self.nodes[node.host] === node else { return }
            node.start()
        }
    }

    // MARK: The map

    private func refreshSoon() { self.scheduleRefresh(in: Self.pause) }

    private func scheduleRefresh(in delay: TimeAmount) {
        guard !self.isRefreshing else { return }
        self.refreshTimer?.cancel()
        self.refreshTimer = self.surroundings.eventLoop.assumeIsolated().scheduleTask(in: delay) { [weak self] in
            self?.refresh()
        }
    }

    /// Asks one of the servers that are up for the map.
    private func refresh() {
        guard !self.isRefreshing else { return }
        let candidates = self.nodes.values.filter(\.isUp).sorted { "\($0.host)" < "\($1.host)" }
        guard !candidates.isEmpty else {
            // Perhaps all addresses have changed.
            for host in self.surroundings.configuration.url.hosts {
                let node = self.add(host)
                if node.state == .idle { node.start() }
            }
            return self.scheduleRefresh(in: .seconds(1))
        }
        self.turn &+= 1
        let node = candidates[self.turn % candidates.count]
        guard let connection = node.connection else { return self.scheduleRefresh(in: Self.pause) }
        self.isRefreshing = true
        let deadline = self.surroundings.eventLoop.now + .seconds(1)
        connection.send(RedisCommand("CLUSTER", "SLOTS"), deadline: deadline) { [weak self] result in
            guard let self else { return }
            self.isRefreshing = false
            switch result {
            case .success(let reply):
                if let slots = RedisSlots(reply, asked: node.host) {
                    self.follow(slots)
                } else {
                    self.problem =
                        if case .error(let text) = reply { text } else { "the cluster has no slots" }
                    if self.slots.masters.isEmpty { self.surroundings.isDown(node.host, self.problem) }
                }
            case .failure(let error): self.problem = error.reason
            }
            let isWhole = self.slots.masters.allSatisfy { self.nodes[$0]?.isUp == true }
            self.scheduleRefresh(in: isWhole && !self.slots.masters.isEmpty ? Self.interval : .seconds(1))
        }
    }

    private func follow(_ slots: RedisSlots) {
        self.slots = slots
        let masters = Set(slots.masters)
        for (host, node) in self.nodes where !masters.contains(host) {
            self.nodes[host] = nil
            self.backoffs[host] = nil
            self.retries[host]?.cancel()
            self.retries[host] = nil
            node.stop()
        }
        self.surroundings.keep(masters)
        for host in slots.masters {
            let node = self.add(host)
            if node.isUp { self.surroundings.isUp(host) } else if node.state == .idle { node.start() }
        }
        self.surroundings.changed()
    }
}

@available(*, unavailable)
extension RedisCluster: Sendable {}
