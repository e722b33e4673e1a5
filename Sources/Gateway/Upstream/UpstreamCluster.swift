import GatewayHTTP1
import NIOCore

/// One upstream on one event loop: a pool for each endpoint of its targets, and the choice between them.
final class UpstreamCluster: Upstream {
    let name: String
    let worker: Worker

    /// What is the same for all endpoints.
    struct Settings {
        let policy: Balancer.Policy
        let hashKey: HashKey?
        let failover: Bool
        let maxPending: Int
        let forwarder: Forwarder
        let pool: UpstreamPool.Settings
    }

    /// A target and its meters, which all of its pools share.
    private struct Member {
        let target: UpstreamTarget
        let meters: TargetMeters
    }

    private let settings: Settings
    private let members: [Member]
    private let changes: EndpointChanges
    private var listener: Int?
    /// Of `changes`, as of the last look.
    private var version: UInt64
    /// By place; nil where the place is free.
    private var pools: [UpstreamPool?] = []
    /// The places of endpoints that requests go to.
    private var rotation = TargetSet()
    private var balancer: Balancer
    /// Requests that came before any endpoint had an address, and the lives in which they wait.
    private var waiting: [(exchange: Exchange, life: UInt32)] = []

    init(name: String, worker: Worker, targets: [UpstreamTarget], changes: EndpointChanges, settings: Settings) {
        self.name = name
        self.worker = worker
        self.settings = settings
        self.members = targets.map { Member(target: $0, meters: TargetMeters(target: $0, shard: worker.meters)) }
        self.changes = changes
        self.version = changes.version
        self.balancer = Balancer(policy: settings.policy, start: worker.index)
        for (index, member) in self.members.enumerated() {
            member.meters.sample { [unowned self] in self.sample(index) }
        }
        let cluster = NIOLoopBound(self, eventLoop: worker.eventLoop)
        self.listener = changes.listen { [eventLoop = worker.eventLoop] in
            eventLoop.execute { cluster.value.changed() }
        }
        self.look()
    }

    private func sample(_ member: Int) {
        let meters = self.members[member].meters
        let pools = self.pools.lazy.compactMap { $0 }.filter { $0.meters === meters }
        meters.idle.set(Double(pools.reduce(0) { $0 + $1.idleConnections }))
        meters.active.set(Double(pools.reduce(0) { $0 + $1.activeConnections }))
    }

    // MARK: Requests

    /// Finds the exchange an endpoint and a connection there, now or later.
    func take(_ exchange: Exchange) {
        self.lookIfChanged()
        if case .hash = self.settings.policy, exchange.tried.isEmpty {
            exchange.balanceHash = self.settings.hashKey?.hash(of: exchange) ?? 0
        }
        if let index = self.choose(for: exchange) { return self.send(exchange, to: index) }
        guard exchange.tried.isEmpty else {
            // A further try of a request that has been everywhere.
            exchange.tried = TargetSet()
            exchange.hasTriedLastResort = false
            return self.take(exchange)
        }
        self.wait(exchange)
    }

    private func send(_ exchange: Exchange, to index: Int) {
        guard let pool = self.pools[index] else { return exchange.fail(GatewayError(.internalError), from: nil) }
        exchange.hasFailedHere = false
        exchange.resends = 0
        exchange.needsFreshConnection = false
        self.balancer.started(index)
        pool.take(exchange)
    }

    /// - Returns: an endpoint that this request has not tried: one in the rotation, else the one that failed longest ago. That
    ///   one ends the search.
    private func choose(for exchange: Exchange) -> Int? {
        var available = self.rotation
        if !exchange.tried.isEmpty { available.subtract(exchange.tried) }
        if let index = self.balancer.pick(
            available: available,
            hash: exchange.balanceHash,
            now: self.worker.now,
            using: &self.worker.random
        ) {
            return index
        }
        return exchange.hasTriedLastResort ? nil : self.lastResort(for: exchange)
    }

    private func lastResort(for exchange: Exchange) -> Int? {
        var best: (index: Int, failedAt: NIODeadline)?
        for case let pool? in self.pools where !pool.endpoint.isLeaving && !exchange.tried.contains(pool.index) {
            let failedAt = pool.endpoint.health.failedAt
            if let best, best.failedAt <= failedAt { continue }
            best = (pool.index, failedAt)
        }
        exchange.hasTriedLastResort = true
        return best?.index
    }

    /// Sends a request that its endpoint has failed to another one.
    ///
    /// - Returns: false where there is none left, and where that is switched off.
    func moveOn(_ exchange: Exchange, from pool: UpstreamPool) -> Bool {
        guard self.settings.failover, exchange.stage == .waiting else { return false }
        self.lookIfChanged()
        exchange.tried.insert(pool.index)
        guard let index = self.choose(for: exchange) else { return false }
        exchange.upstream = nil
        // What came of it now would go to nobody; with the next connection it goes on.
        exchange.client?.pauseRequestBody()
        pool.meters.retried("failover")
        pool.finished(exchange)
        exchange.pool = nil
        self.send(exchange, to: index)
        return true
    }

    /// Whether a request may go elsewhere if its endpoint fails.
    var hasAlternatives: Bool { self.settings.failover && self.pools.count > 1 }

    /// A request that went to this endpoint needs it no longer.
    func finished(_ exchange: Exchange, at index: Int) {
        let duration = exchange.queuedAt.map { self.worker.now - $0 }
        if exchange.hasFailedHere {
            self.balancer.failed(index, after: duration ?? .zero, now: self.worker.now)
        } else {
            self.balancer.finished(index, after: exchange.upstreamBeganAt == nil ? nil : duration)
        }
    }

    func isIdle(_ index: Int) -> Bool { self.balancer.inFlight(index) == 0 }

    // MARK: Requests that wait for an address

    private func wait(_ exchange: Exchange) {
        var failed: String?
        for case .failed(let reason, _) in self.members.lazy.map(\.target.lookUp) { failed = reason }
        guard self.members.contains(where: { $0.target.lookUp == .pending }) else {
            if let failed { return exchange.fail(.unresolved(reason: failed), from: nil) }
            return exchange.fail(GatewayError(.noHealthyUpstream, retryAfter: 1), from: nil)
        }
        if self.waiting.count >= self.settings.maxPending {
            self.waiting.removeAll { !$0.exchange.awaitsAddress || $0.exchange.generation != $0.life }
        }
        guard self.waiting.count < self.settings.maxPending else {
            let reason = "max_pending requests wait for an address already"
            return exchange.fail(GatewayError(.overloaded, retryAfter: 1, reason: reason), from: nil)
        }
        exchange.awaitsAddress = true
        if !exchange.deadlines.isWaiting(for: .connect) { exchange.wait(for: .connect, exchange.deadlines.connect) }
        self.waiting.append((exchange, exchange.generation))
    }

    /// An address was found, or the last name that might have given one has none.
    private func serveWaiting() {
        guard !self.waiting.isEmpty else { return }
        let waiting = self.waiting
        self.waiting = []
        for (exchange, life) in waiting where exchange.generation == life && exchange.awaitsAddress {
            exchange.awaitsAddress = false
            self.take(exchange)
        }
    }

    // MARK: Endpoints

    private func changed() {
        self.worker.tick()
        self.lookIfChanged()
        self.serveWaiting()
    }

    private func lookIfChanged() {
        if self.version != self.changes.version { self.look() }
    }

    /// Brings the pools and the rotation up to date.
    private func look() {
        // First: what changes while the lists are read is found at the next look.
        self.version = self.changes.version
        for member in self.members {
            let endpoints = member.target.endpoints
            for case let pool? in self.pools where pool.meters === member.meters {
                if !endpoints.contains(where: { $0 === pool.endpoint }) { pool.drain() }
            }
            for endpoint in endpoints where !self.pools.contains(where: { $0?.endpoint === endpoint }) {
                self.add(endpoint, of: member)
            }
        }
        self.rotation = TargetSet()
        for case let pool? in self.pools where pool.endpoint.isInRotation && !pool.endpoint.isLeaving {
            self.rotation.insert(pool.index)
        }
    }

    private func add(_ endpoint: UpstreamEndpoint, of member: Member) {
        let index = self.pools.firstIndex { $0 == nil } ?? self.pools.count
        self.balancer.place(
            Balancer.Target(identity: endpoint.identity, weight: member.target.weight),
            at: index
        )
        if index == self.pools.count { self.pools.append(nil) }
        self.pools[index] = UpstreamPool(
            to: endpoint,
            of: member.target,
            at: index,
            in: self,
            forwarder: self.settings.forwarder,
            meters: member.meters,
            settings: self.settings.pool
        )
    }

    /// A drained pool has nothing left to do.
    func retired(_ pool: UpstreamPool) {
        self.pools[pool.index] = nil
        self.rotation.remove(pool.index)
        self.balancer.clear(pool.index)
    }

    func stop() {
        if let listener = self.listener { self.changes.remove(listener) }
        self.listener = nil
        for member in self.members { member.meters.stop() }
        for case let pool? in self.pools { pool.drain() }
    }
}

@available(*, unavailable)
extension UpstreamCluster: Sendable {}
