import Testing

@testable import Gateway
@testable import GatewayCore

@Suite struct BalancerTests {
    private static let policies: [Balancer.Policy] = [.roundRobin, .leastRequests, .random, .hash]

    private func targets(_ weights: [Int]) -> [Balancer.Target] {
        weights.enumerated().map { Balancer.Target(identity: "http://10.0.0.\($0):80", weight: $1) }
    }

    /// How often each target was picked, with a new hash per pick.
    private func counts(
        _ balancer: inout Balancer,
        _ available: TargetSet,
        picks: Int,
        among count: Int,
        seed: UInt64 = 1
    ) -> [Int] {
        var random = SplitMix64(seed: seed)
        var counts = Array(repeating: 0, count: count)
        for _ in 0..<picks {
            let hash = random.next()
            if let target = balancer.pick(available: available, hash: hash, using: &random) { counts[target] += 1 }
        }
        return counts
    }

    @Test(arguments: policies)
    func `an idle upstream is used by weight`(policy: Balancer.Policy) {
        let weights = [5, 1, 3, 1]
        var balancer = Balancer(policy: policy, targets: targets(weights))
        let counts = counts(&balancer, TargetSet(allOf: 4), picks: 50_000, among: 4)
        for (count, weight) in zip(counts, weights) {
            // Two draws without replacement make least_requests slightly more even.
            #expect(abs(count - weight * 5_000) < 500, "\(policy) \(counts)")
        }
    }

    @Test(arguments: policies, policies)
    func `a new weight and policy apply from then on`(before: Balancer.Policy, after: Balancer.Policy) {
        var balancer = Balancer(policy: before, targets: targets([1, 1]))
        balancer.started(0)
        balancer.reweigh(targets([1, 3])[1], at: 1)
        balancer.change(policy: after)
        #expect(balancer.inFlight(0) == 1)
        balancer.finished(0)
        let counts = counts(&balancer, TargetSet(allOf: 2), picks: 40_000, among: 2)
        #expect(abs(counts[1] - 30_000) < 1_000, "\(counts)")
    }

    @Test(arguments: policies, [10, 55, 100])
    func `a target that warms up gets a share of its weight`(policy: Balancer.Policy, share: Int) {
        var balancer = Balancer(policy: policy, targets: targets([1, 2]))
        balancer.reweigh(Balancer.Target(identity: targets([1, 2])[1].identity, weight: 2, share: share), at: 1)
        let counts = counts(&balancer, TargetSet(allOf: 2), picks: 40_000, among: 2)
        let expected = 40_000 * 2 * share / (100 + 2 * share)
        #expect(abs(counts[1] - expected) < 1_000, "\(counts)")
    }

    @Test func `round_robin reaches a target whose weight grows with every request`() {
        var random = SplitMix64(seed: 1)
        var balancer = Balancer(policy: .roundRobin, targets: targets([1, 1]))
        var count = 0
        for share in 10..<30 {
            balancer.reweigh(Balancer.Target(identity: targets([1, 1])[1].identity, share: share), at: 1)
            if balancer.pick(available: TargetSet(allOf: 2), using: &random) == 1 { count += 1 }
        }
        // About a sixth of the requests.
        #expect(2...4 ~= count)
    }

    @Test func `only keys of a target that warms up move`() {
        var random = SplitMix64(seed: 1)
        let all = targets([1, 1, 1])
        var balancer = Balancer(policy: .hash, targets: all)
        let hashes = (0..<5_000).map { _ in random.next() }
        func picks() -> [Int?] {
            hashes.map { balancer.pick(available: TargetSet(allOf: 3), hash: $0, using: &random) }
        }
        let warm = picks()
        balancer.reweigh(Balancer.Target(identity: all[1].identity, share: 10), at: 1)
        let cold = picks()
        #expect(zip(warm, cold).allSatisfy { $0 == $1 || $0 == 1 })
        #expect(150..<350 ~= cold.count { $0 == 1 })
        balancer.reweigh(all[1], at: 1)
        #expect(picks() == warm)
    }

    @Test(arguments: policies)
    func `unavailable targets are skipped`(policy: Balancer.Policy) {
        var available = TargetSet(allOf: 100)
        for target in 0..<100 where target != 3 && target != 77 { available.remove(target) }
        var balancer = Balancer(policy: policy, targets: targets(Array(repeating: 1, count: 100)))
        let counts = counts(&balancer, available, picks: 1_000, among: 100)
        #expect(counts[3] + counts[77] == 1_000)
        #expect(counts[3] > 400 && counts[77] > 400)
    }

    @Test(arguments: policies)
    func `nothing is picked if nothing is available`(policy: Balancer.Policy) {
        var random = SplitMix64(seed: 1)
        var balancer = Balancer(policy: policy, targets: targets([1, 2]))
        #expect(balancer.pick(available: TargetSet(), using: &random) == nil)
        var none = Balancer(policy: policy, targets: [], start: 3)
        #expect(none.pick(available: TargetSet(), using: &random) == nil)
        var one = Balancer(policy: policy, targets: targets([1]), start: 3)
        #expect(one.pick(available: TargetSet(allOf: 1), using: &random) == 0)
    }

    @Test func `round_robin spreads heavy targets between light ones`() {
        var random = SplitMix64(seed: 1)
        var balancer = Balancer(policy: .roundRobin, targets: targets([5, 1, 1]))
        let order = (0..<14).map { _ in balancer.pick(available: TargetSet(allOf: 3), using: &random) }
        #expect(order == [0, 0, 1, 0, 2, 0, 0, 0, 0, 1, 0, 2, 0, 0])
    }

    @Test func `round_robin starts with a different target on each loop`() {
        var random = SplitMix64(seed: 1)
        let first = (0..<6).map { start in
            var balancer = Balancer(policy: .roundRobin, targets: targets([1, 1, 1]), start: start)
            return balancer.pick(available: TargetSet(allOf: 3), using: &random)
        }
        #expect(first == [0, 1, 2, 0, 1, 2])
    }

    @Test func `round_robin resumes a target without a burst`() {
        var balancer = Balancer(policy: .roundRobin, targets: targets([1, 1, 1]))
        var available = TargetSet(allOf: 3)
        available.remove(1)
        #expect(counts(&balancer, available, picks: 1_000, among: 3) == [500, 0, 500])
        available.insert(1)
        #expect(counts(&balancer, available, picks: 30, among: 3).allSatisfy { 9...11 ~= $0 })
    }

    @Test func `least_requests picks the less busy of two targets`() {
        var random = SplitMix64(seed: 1)
        var balancer = Balancer(policy: .leastRequests, targets: targets([1, 1]))
        for _ in 0..<3 { balancer.started(0) }
        for _ in 0..<3 {
            #expect(balancer.pick(available: TargetSet(allOf: 2), using: &random) == 1)
            balancer.started(1)
        }
        balancer.finished(0)
        #expect(balancer.pick(available: TargetSet(allOf: 2), using: &random) == 0)
        #expect(balancer.inFlight(0) == 2 && balancer.inFlight(1) == 3)
    }

    @Test func `least_requests keeps slow targets as busy as their weight`() {
        var random = SplitMix64(seed: 4)
        let weights = [4, 2, 1, 1]
        var balancer = Balancer(policy: .leastRequests, targets: targets(weights))
        var running: [Int] = []
        for _ in 0..<20_000 {
            if let target = balancer.pick(available: TargetSet(allOf: 4), using: &random) {
                balancer.started(target)
                running.append(target)
            }
            // Target 3 is slow: its requests end a tenth as often.
            while running.count > 80 {
                let index = Int.random(in: 0..<running.count, using: &random)
                if running[index] == 3, Int.random(in: 0..<10, using: &random) != 0 { continue }
                balancer.finished(running.remove(at: index))
            }
        }
        let busy = (0..<4).map { balancer.inFlight($0) }
        #expect(busy.reduce(0, +) == 80)
        #expect(busy[3] < 20 && busy[0] > 30, "\(busy)")
    }

    @Test(arguments: [[1, 1, 1, 1, 1, 1, 1, 1, 1, 1], [1, 2, 1, 1, 1, 1, 1, 1, 2, 1]])
    func `if one of ten targets is removed only its keys move`(weights: [Int]) {
        var random = SplitMix64(seed: 1)
        var balancer = Balancer(policy: .hash, targets: targets(weights))
        var fewer = TargetSet(allOf: 10)
        fewer.remove(4)
        var moved = 0
        for key in 0..<20_000 {
            let hash = Rendezvous.hash("client-\(key)")
            let before = balancer.pick(available: TargetSet(allOf: 10), hash: hash, using: &random)
            let after = balancer.pick(available: fewer, hash: hash, using: &random)
            if before == 4 { moved += 1 } else { #expect(before == after) }
        }
        let share = 20_000 / weights.reduce(0, +)
        #expect(abs(moved - share) < share / 8)
    }

    @Test func `the hash depends on a target's URL, not on its position`() {
        var random = SplitMix64(seed: 1)
        let all = targets([1, 3, 1, 2, 1])
        var balancer = Balancer(policy: .hash, targets: all)
        var reversed = Balancer(policy: .hash, targets: all.reversed())
        for key in 0..<1_000 {
            let hash = Rendezvous.hash("\(key)")
            let one = balancer.pick(available: TargetSet(allOf: 5), hash: hash, using: &random)
            let other = reversed.pick(available: TargetSet(allOf: 5), hash: hash, using: &random)
            #expect(one.map { 4 - $0 } == other)
        }
    }
}
