import GatewaySettings
import NIOCore
import Synchronization

/// One upstream on one event loop: a pool for each endpoint of its targets, and the balancer between them.
final class UpstreamCluster {
    package let name: String
    let worker: Worker

    /// The settings that all endpoints share.
    struct Settings {
        let policy: Balancer.Policy
        let hashKey: HashKey?
        let failover: Bool
        let maxPending: Int
        /// Whether requests go to unhealthy endpoints while all are unhealthy.
        var triesUnhealthy = false
        let pool: UpstreamPool.Settings
    }

    /// A target and its metrics, which all of its pools share.
    private struct Member {
        let target: UpstreamTarget
        let meters: TargetMeters
    }

    let changes: EndpointChanges
    private let meters: MeterShard
    /// The cluster for copies of requests; nil until a mirror needs it.
    private var copies: UpstreamCluster?
    private(set) var settings: Settings
    private var members: [Member] = []
    private var listener: Int?
    /// The version of `changes` that the pools reflect.
    private var version: UInt64
    /// By endpoint index. Nil if the index is free.
    private(set) var pools: [UpstreamPool?] = []
    /// The endpoints by whether requests may go to them.
    private(set) var rotation = Rotation()
    private var balancer: Balancer
    private var isStopped = false
    package private(set) lazy var retryBudget: SharedRetryBudget? = .of(self.name, in: self.worker.shared)
    /// Calls that arrived before any endpoint had an address, and their numbers at that time.
    private var waiting: [(call: UpstreamCall, number: UInt32)] = []

    /// - Parameter meters: The metrics of the targets; nil for those of the worker.
    init(
        name: String,
        worker: Worker,
        targets: [UpstreamTarget],
        changes: EndpointChanges,
        settings: Settings,
        meters: MeterShard? = nil
    ) {
        self.name = name
        self.worker = worker
        self.meters = meters ?? worker.meters
        self.settings = settings
        self.changes = changes
        self.version = changes.version
        self.balancer = Balancer(policy: settings.policy, start: worker.index)
        for target in targets { self.members.append(self.makeMember(target)) }
        let cluster = NIOLoopBound(self, eventLoop: worker.eventLoop)
        self.listener = changes.listen { [eventLoop = worker.eventLoop] in
            eventLoop.execute { cluster.value.changed() }
        }
        self.look()
    }

    private func makeMember(_ target: UpstreamTarget) -> Member {
        let meters = TargetMeters(target: target, shard: self.meters)
        meters.sample { [weak self, weak meters] in
            if let meters { self?.sample(meters) }
        }
        return Member(target: target, meters: meters)
    }

    private func sample(_ meters: TargetMeters) {
        let pools = self.pools.lazy.compactMap { $0 }.filter { $0.meters === meters }
        meters.idle.set(Double(pools.reduce(0) { $0 + $1.idleConnections }))
        meters.active.set(Double(pools.reduce(0) { $0 + $1.activeConnections }))
    }

    /// Applies a new configuration. Pools of targets that remain keep their connections and counts. Pools of removed
    /// targets drain.
    func update(targets: [UpstreamTarget], settings: Settings) {
        self.settings = settings
        self.balancer.change(policy: settings.policy)
        for member in self.members where !targets.contains(where: { $0 === member.target }) { member.meters.stop() }
        self.members = targets.map { target in
            self.members.first { $0.target === target } ?? self.makeMember(target)
        }
        for case let pool? in self.pools {
            pool.update(settings.pool)
        }
        self.look()
        self.serveWaiting()
        self.copies?.update(targets: targets, settings: settings.forCopies)
    }

    /// Returns the cluster that sends copies of requests to the same targets. It has its own connections, its requests do
    /// not count in the metrics of the targets, and nothing is sent twice.
    func forCopies() -> UpstreamCluster {
        if let copies = self.copies { return copies }
        let copies = UpstreamCluster(
            name: self.name,
            worker: self.worker,
            targets: self.members.map(\.target),
            changes: self.changes,
            settings: self.settings.forCopies,
            meters: MeterShard(budget: SeriesBudget(limit: .max), buckets: .standard)
        )
        self.copies = copies
        return copies
    }

    /// Whether connections begin with a PROXY header.
    var announcesClients: Bool { self.settings.pool.proxyProtocol != .off }

    /// Whether an endpoint serves requests, has no health check result yet, or waits for a request to close its circuit.
    package var isUsable: Bool {
        self.lookIfNeeded()
        return !self.rotation.available.isEmpty || !self.rotation.unchecked.isEmpty || self.takesProbe
    }

    // MARK: Requests

    /// Finds an endpoint and a connection for the call, now or later.
    func take(_ call: UpstreamCall) {
        self.lookIfNeeded()
        if call.retries > 0 { self.prepareRetry(of: call) }
        if case .hash = self.settings.policy, call.tried.isEmpty, let key = self.settings.hashKey {
            call.balanceHash = call.caller?.balanceHash(by: key) ?? 0
        }
        if let index = self.choose(for: call) { return self.send(call, to: index) }
        if !call.tried.isEmpty {
            // This is a retry, and no other endpoint takes it.
            call.tried = TargetSet()
            call.hasTriedLastResort = false
            if let index = self.choose(for: call) { return self.send(call, to: index) }
        }
        if self.isStopped { self.drain() }
        self.wait(call)
    }

    private func send(_ call: UpstreamCall, to index: Int) {
        guard let pool = self.pools[index] else { return call.fail(GatewayError(.internalError)) }
        call.awaitsAddress = false
        call.hasFailedHere = false
        call.resends = 0
        call.needsFreshConnection = false
        call.avoided = nil
        self.balancer.started(index)
        // The call started before its upstream was removed.
        if self.isStopped { self.drain() }
        pool.take(call)
    }

    /// Returns an endpoint that this request has not tried: an available one, or else one without a health check, or
    /// else the one whose last failure is oldest, which ends the search.
    private func choose(for call: UpstreamCall) -> Int? {
        if !self.rotation.halfOpen.isEmpty, let index = self.chooseProbe(for: call) { return index }
        if let index = self.pick(from: self.rotation.available, for: call) { return index }
        if !self.rotation.unchecked.isEmpty, let index = self.pick(from: self.rotation.unchecked, for: call) {
            return index
        }
        if !call.hasTriedLastResort, let index = self.lastResort(for: call) { return index }
        guard self.settings.triesUnhealthy, self.rotation.hasOnlyUnhealthy else { return nil }
        return self.pick(from: self.rotation.unhealthy, for: call)
    }

    private func pick(from endpoints: TargetSet, for call: UpstreamCall) -> Int? {
        var endpoints = endpoints
        if !call.tried.isEmpty { endpoints.subtract(call.tried) }
        while let index = self.balancer.pick(
            available: endpoints,
            hash: call.balanceHash,
            now: self.worker.now,
            using: &self.worker.random
        ) {
            if self.settings.pool.circuit == nil || self.pools[index]?.admit(call) != false { return index }
            // Its circuit has opened in the meantime.
            endpoints.remove(index)
        }
        return nil
    }

    private func lastResort(for call: UpstreamCall) -> Int? {
        var best: (index: Int, failedAt: NIODeadline)?
        for case let pool? in self.pools
        where self.rotation.unreachable.contains(pool.index) && !call.tried.contains(pool.index) {
            let failedAt = pool.endpoint.health.failedAt
            if let best, best.failedAt <= failedAt { continue }
            guard pool.admit(call) else { continue }
            best = (pool.index, failedAt)
        }
        call.hasTriedLastResort = true
        return best?.index
    }

    /// Sends a request that its endpoint failed to another endpoint.
    ///
    /// - Returns: False if no endpoint is left or failover is off.
    func moveOn(_ call: UpstreamCall, from pool: UpstreamPool, after failure: UpstreamFailure?) -> Bool {
        guard self.settings.failover, let caller = call.caller, caller.isWaitingForResponse else { return false }
        self.lookIfNeeded()
        call.tried.insert(pool.index)
        guard let index = self.choose(for: call) else {
            if self.isStopped { self.drain() }
            return false
        }
        caller.willSendAgain()
        pool.meters.retried("failover")
        call.failedTry(failure.map { .upstream($0) }, at: self.worker.now)
        call.leavePool()
        call.nextTry()
        self.send(call, to: index)
        return true
    }

    /// Whether a request may go to another endpoint if its endpoint fails.
    var hasAlternatives: Bool { self.settings.failover && self.pools.count > 1 }

    /// Records that a request left the endpoint at `index`.
    func finished(_ call: UpstreamCall, at index: Int) {
        let duration = call.lastTry.queuedAt.map { self.worker.now - $0 }
        if call.hasFailedHere {
            self.balancer.failed(index, after: duration ?? .zero, now: self.worker.now)
        } else {
            self.balancer.finished(index, after: call.answerBeganAt == nil ? nil : duration)
        }
    }

    // MARK: Requests that wait for an address

    private func wait(_ call: UpstreamCall) {
        var failed: String?
        for case .failed(let reason, _) in self.members.lazy.map(\.target.lookUp) { failed = reason }
        guard self.members.contains(where: { $0.target.lookUp == .pending }) else {
            return call.fail(self.noEndpointLeft(unresolved: failed))
        }
        if self.waiting.count >= self.settings.maxPending {
            self.waiting.removeAll { !$0.call.awaitsAddress || $0.call.number != $0.number }
        }
        guard self.waiting.count < self.settings.maxPending else {
            let reason = "max_pending requests wait for an address already"
            return call.fail(GatewayError(.overloaded, retryAfter: 1, reason: reason))
        }
        // A call that has waited before keeps its deadline.
        if !call.awaitsAddress { call.caller?.wait(for: .connect, call.connectTimeout) }
        call.awaitsAddress = true
        self.waiting.append((call, call.number))
    }

    /// Serves the waiting calls: an address was found, or the last pending look-up failed.
    private func serveWaiting() {
        guard !self.waiting.isEmpty else { return }
        let waiting = self.waiting
        self.waiting = []
        for (call, number) in waiting where call.number == number && call.awaitsAddress { self.take(call) }
    }

    // MARK: Endpoints

    private func changed() {
        self.worker.tick()
        self.lookIfNeeded()
        self.serveWaiting()
    }

    func lookIfNeeded() {
        if self.isStopped || self.version != self.changes.version { self.look() }
    }

    /// Brings the pools and the rotation up to date.
    private func look() {
        // Read the version first, so that the next call sees changes made during this one.
        self.version = self.changes.version
        for case let pool? in self.pools where !self.members.contains(where: { $0.meters === pool.meters }) {
            pool.drain()
        }
        for member in self.members {
            let endpoints = member.target.endpoints
            for case let pool? in self.pools where pool.meters === member.meters {
                if !endpoints.contains(where: { $0 === pool.endpoint }) { pool.drain() }
            }
            for endpoint in endpoints where !self.pools.contains(where: { $0?.endpoint === endpoint }) {
                self.add(endpoint, of: member)
            }
        }
        self.rotation = Rotation()
        for case let pool? in self.pools where self.isUsable(pool) {
            self.balancer.reweigh(Balancer.Target(pool.endpoint, of: pool.target), at: pool.index)
            var reasons = pool.endpoint.availability
            // Only requests decide whether a circuit closes.
            if self.settings.pool.isForCopies, reasons.contains(.circuitHalfOpen) { reasons.insert(.circuitOpen) }
            self.rotation.add(pool.index, reasons)
        }
    }

    /// Whether requests may go to a pool. All pools of a stopped cluster drain, and serve the calls that it still
    /// receives.
    private func isUsable(_ pool: UpstreamPool) -> Bool {
        self.isStopped || !pool.endpoint.isLeaving && !pool.isDraining
    }

    private func add(_ endpoint: UpstreamEndpoint, of member: Member) {
        let index = self.pools.firstIndex { $0 == nil } ?? self.pools.count
        self.balancer.place(Balancer.Target(endpoint, of: member.target), at: index)
        if index == self.pools.count { self.pools.append(nil) }
        self.pools[index] = UpstreamPool(
            to: endpoint,
            of: member.target,
            at: index,
            in: self,
            meters: member.meters,
            settings: self.settings.pool
        )
    }

    /// Removes a pool that has drained.
    func retired(_ pool: UpstreamPool) {
        self.pools[pool.index] = nil
        self.rotation.remove(pool.index)
        self.balancer.clear(pool.index)
    }

    /// Stops the cluster when its upstream is removed from the configuration. Calls from routes that still refer to
    /// it are served.
    package func stop() {
        guard !self.isStopped else { return }
        self.isStopped = true
        if let listener = self.listener { self.changes.remove(listener) }
        self.listener = nil
        for member in self.members { member.meters.stop() }
        self.drain()
        self.copies?.stop()
    }

    private func drain() {
        for case let pool? in self.pools { pool.drain() }
    }
}

@available(*, unavailable)
extension UpstreamCluster: Sendable {}

extension UpstreamCluster.Settings {
    /// The settings for copies of requests: none is sent twice, and none is judged by a circuit breaker.
    fileprivate var forCopies: Self {
        var pool = self.pool
        pool.circuit = nil
        pool.isForCopies = true
        return Self(
            policy: self.policy,
            hashKey: self.hashKey,
            failover: false,
            maxPending: self.maxPending,
            triesUnhealthy: self.triesUnhealthy,
            pool: pool
        )
    }
}

extension Balancer.Target {
    fileprivate init(_ endpoint: UpstreamEndpoint, of target: UpstreamTarget) {
        self.init(
            identity: endpoint.identity,
            weight: target.weight,
            share: endpoint.share.load(ordering: .relaxed)
        )
    }
}
