import NIOCore

/// Chooses the endpoint for each request to one upstream on one event loop.
struct Balancer: Sendable {
    enum Policy: Sendable, Equatable {
        /// Endpoints in turn, spread evenly by weight.
        case roundRobin
        /// The less busy of two endpoints drawn at random by weight.
        case leastRequests
        /// An endpoint drawn at random by weight.
        case random
        /// The same endpoint for the same hash, as long as the endpoint is available.
        case hash
    }

    struct Target: Sendable, Equatable {
        /// Identifies the target across reloads, reordering and gateways.
        var identity: String
        /// At least 1. An endpoint of weight 2 gets twice as many requests.
        var weight: Int
        /// The share of its weight that the endpoint gets while it warms up, in percent.
        var share: Int

        init(identity: String, weight: Int = 1, share: Int = SlowStart.full) {
            self.identity = identity
            self.weight = weight
            self.share = share
        }

        /// The weight in hundredths.
        fileprivate var scaledWeight: Int { max(1, self.weight) * max(1, self.share) }
    }

    private(set) var policy: Policy
    /// In hundredths, by endpoint index. 0 if the index is free.
    private var weights: [Int] = []
    private var inFlight: [Int] = []
    private var penalties = FailurePenalties()
    private var turns = SmoothRoundRobin()
    private var rendezvous = Rendezvous()
    private let start: Int

    /// Creates a balancer.
    ///
    /// - Parameter start: The number of round-robin turns to skip. Use a different value for each event loop, so that
    ///   they do not all start with the same endpoint.
    init(policy: Policy, targets: [Target] = [], start: Int = 0) {
        self.policy = policy
        self.start = start
        for (index, target) in targets.enumerated() { place(target, at: index) }
    }

    // MARK: Endpoints

    /// Adds an endpoint at a free index, or appends it.
    mutating func place(_ target: Target, at index: Int) {
        if index == weights.count {
            weights.append(0)
            inFlight.append(0)
        }
        weights[index] = target.scaledWeight
        inFlight[index] = 0
        penalties.forget(index)
        rendezvous.place(target.identity, weight: weights[index], at: index)
        restartTurns()
    }

    /// Changes the weight of an endpoint. Its requests in flight still count.
    mutating func reweigh(_ target: Target, at index: Int) {
        let before = weights[index]
        guard before != target.scaledWeight else { return }
        weights[index] = target.scaledWeight
        rendezvous.place(target.identity, weight: weights[index], at: index)
        // While an endpoint warms up, its weight grows often. Starting over each time would favor those that go first.
        if weights[index] > before { turns.change(weight: weights[index], at: index) } else { restartTurns() }
    }

    mutating func change(policy: Policy) {
        guard self.policy != policy else { return }
        self.policy = policy
        restartTurns()
    }

    /// Frees an index. No request may be in flight there.
    mutating func clear(_ index: Int) {
        weights[index] = 0
        restartTurns()
    }

    /// Restarts the rotation, so that a new endpoint has neither credit nor debt.
    private mutating func restartTurns() {
        turns = SmoothRoundRobin(weights: weights)
        let cycle = weights.reduce(0, +)
        guard policy == .roundRobin, cycle > 0 else { return }
        for _ in 0..<start % min(cycle, 1_000) { _ = turns.next(available: TargetSet(allOf: weights.count)) }
    }

    // MARK: Requests

    /// Returns the endpoint for a request, or nil if none is available.
    ///
    /// - Parameters:
    ///   - available: The endpoints in the rotation that this request has not tried.
    ///   - hash: The hash of the request's key. Only the `hash` policy uses it.
    mutating func pick(
        available: TargetSet,
        hash: UInt64 = 0,
        now: NIODeadline = .distantPast,
        using random: inout some RandomNumberGenerator
    ) -> Int? {
        switch policy {
        case .roundRobin: turns.next(available: available)
        case .leastRequests: lessBusy(available, now, &random)
        case .random: drawn(from: available, except: nil, &random)
        case .hash: rendezvous.target(of: hash, available: available)
        }
    }

    /// Records that a request was sent to an endpoint.
    mutating func started(_ target: Int) { inFlight[target] += 1 }

    /// Records that a request ended without a failure of the endpoint.
    ///
    /// - Parameter duration: The time that the request was in flight. Nil if it got no response.
    mutating func finished(_ target: Int, after duration: TimeAmount? = nil) {
        release(target)
        if policy == .leastRequests, let duration { penalties.succeeded(after: duration) }
    }

    /// Records that the endpoint failed a request.
    mutating func failed(_ target: Int, after duration: TimeAmount, now: NIODeadline) {
        release(target)
        if policy == .leastRequests { penalties.failed(target, after: duration, now: now) }
    }

    private mutating func release(_ target: Int) {
        assert(inFlight[target] > 0)
        inFlight[target] = max(0, inFlight[target] - 1)
    }

    func inFlight(_ target: Int) -> Int { inFlight[target] }

    /// Returns the less busy of two drawn endpoints. The first one wins a tie, so that an idle upstream is balanced
    /// by weight too.
    private func lessBusy(_ available: TargetSet, _ now: NIODeadline, _ random: inout some RandomNumberGenerator)
        -> Int?
    {
        guard let first = drawn(from: available, except: nil, &random) else { return nil }
        guard let second = drawn(from: available, except: first, &random) else { return first }
        if penalties.isEmpty {
            return inFlight[second] * weights[first] < inFlight[first] * weights[second] ? second : first
        }
        let isLess =
            load(of: second, now) * Double(weights[first]) < load(of: first, now) * Double(weights[second])
        return isLess ? second : first
    }

    private func load(of target: Int, _ now: NIODeadline) -> Double {
        Double(inFlight[target]) + penalties.load(of: target, now: now)
    }

    private func drawn(
        from available: TargetSet,
        except excluded: Int?,
        _ random: inout some RandomNumberGenerator
    ) -> Int? {
        var total = 0
        for target in weights.indices where target != excluded && available.contains(target) {
            total += weights[target]
        }
        guard total > 0 else { return nil }
        var left = Int.random(in: 0..<total, using: &random)
        for target in weights.indices where target != excluded && available.contains(target) {
            left -= weights[target]
            if left < 0 { return target }
        }
        return nil
    }
}
