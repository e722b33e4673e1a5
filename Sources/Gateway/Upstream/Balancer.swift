/// Chooses the target of each request of one upstream on one event loop.
struct Balancer: Sendable {
    enum Policy: Sendable, Equatable {
        /// In turn, evenly spread by weight.
        case roundRobin
        /// The less busy of two drawn by weight.
        case leastRequests
        /// Drawn by weight.
        case random
        /// The same hash goes to the same target as long as that is available.
        case hash
    }

    struct Target: Sendable, Equatable {
        /// What makes it the same target after a reload, in another order or on another gateway: its URL.
        var identity: String
        /// At least 1; a target of weight 2 gets twice as much.
        var weight: Int

        init(identity: String, weight: Int = 1) {
            self.identity = identity
            self.weight = weight
        }
    }

    let policy: Policy
    private let weights: [Int]
    private var inFlight: [Int]
    private var turns: SmoothRoundRobin
    private let rendezvous: Rendezvous

    /// - Parameter start: how many turns of the round robin are over; another for each event loop, so that they do not
    ///   all begin with the same target.
    init(policy: Policy, targets: [Target], start: Int = 0) {
        self.policy = policy
        weights = targets.map { max(1, $0.weight) }
        inFlight = Array(repeating: 0, count: targets.count)
        turns = SmoothRoundRobin(weights: weights)
        rendezvous = Rendezvous(identities: targets.map(\.identity), weights: weights)
        let cycle = weights.reduce(0, +)
        if policy == .roundRobin, cycle > 0 {
            for _ in 0..<start % min(cycle, 1_000) { _ = turns.next(available: TargetSet(allOf: weights.count)) }
        }
    }

    /// - Parameters:
    ///   - available: healthy targets whose circuit is not open, less those that this request has tried already.
    ///   - hash: of the request's key; only `hash` looks at it.
    /// - Returns: nil where no target is available.
    mutating func pick(
        available: TargetSet,
        hash: UInt64 = 0,
        using random: inout some RandomNumberGenerator
    ) -> Int? {
        switch policy {
        case .roundRobin: turns.next(available: available)
        case .leastRequests: lessBusy(available, &random)
        case .random: drawn(from: available, except: nil, &random)
        case .hash: rendezvous.target(of: hash, available: available)
        }
    }

    /// A request was sent to a target.
    mutating func started(_ target: Int) { inFlight[target] += 1 }

    /// It is over.
    mutating func finished(_ target: Int) {
        assert(inFlight[target] > 0)
        inFlight[target] = max(0, inFlight[target] - 1)
    }

    func inFlight(_ target: Int) -> Int { inFlight[target] }

    /// Where both are as busy the first drawn has it, so that an idle upstream is used by weight too.
    private func lessBusy(_ available: TargetSet, _ random: inout some RandomNumberGenerator) -> Int? {
        guard let first = drawn(from: available, except: nil, &random) else { return nil }
        guard let second = drawn(from: available, except: first, &random) else { return first }
        return inFlight[second] * weights[first] < inFlight[first] * weights[second] ? second : first
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
