import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore

/// The cost of one bad server among several, compared with queueing theory.
@Suite struct BalancerSimulationTests {
    private static let policies: [Balancer.Policy] = [.roundRobin, .leastRequests, .random, .hash]

    private static func servers(_ count: Int, first: BalancerSimulation.Behaviour) -> [BalancerSimulation.Behaviour] {
        [first] + Array(repeating: .serves(1), count: count - 1)
    }

    private func isNear(_ value: Double, _ expected: Double, within tolerance: Double) -> Bool {
        abs(value - expected) <= expected * tolerance
    }

    // MARK: Normal operation

    @Test func `random behaves like independent M/M/1 queues`() {
        var simulation = BalancerSimulation(.random, Array(repeating: .serves(1), count: 20), load: 0.7)
        let result = simulation.run(requests: 60_000)
        let mean = result.meanInSystem.reduce(0, +) / 20
        #expect(isNear(mean, 0.7 / 0.3, within: 0.1), "\(mean)")
    }

    @Test func `least_requests behaves like the power of two choices`() {
        // Mitzenmacher: the share of queues with at least k requests is load to the power of 2^k - 1.
        var expected = 0.0
        var power = 1
        for _ in 1...6 {
            var share = 1.0
            for _ in 0..<power { share *= 0.7 }
            expected += share
            power = power * 2 + 1
        }
        var simulation = BalancerSimulation(.leastRequests, Array(repeating: .serves(1), count: 20), load: 0.7)
        let result = simulation.run(requests: 60_000)
        let mean = result.meanInSystem.reduce(0, +) / 20
        // The theory is for infinitely many servers; with twenty, there is slightly less choice.
        #expect(isNear(mean, expected, within: 0.1), "\(mean) \(expected)")
    }

    // MARK: Dead servers

    @Test(arguments: policies, [2, 5, 10])
    func `a server that refuses connections fails no request, and the others share its load`(
        policy: Balancer.Policy,
        count: Int
    ) {
        var simulation = BalancerSimulation(policy, Self.servers(count, first: .refuses(until: .infinity)), load: 0.3)
        let result = simulation.run(requests: 8_000)
        #expect(result.failed == 0)
        // Only the first request meets the failure. After that, only background connections try the server.
        #expect(result.requests[0] == 1 && result.moved == 1)
        for server in 1..<count {
            #expect(isNear(result.share(of: server), 1 / Double(count - 1), within: 0.12), "\(result.requests)")
        }
    }

    @Test(arguments: policies)
    func `a server that recovers gets its share again`(policy: Balancer.Policy) {
        // 500 requests per second; the server is down for the first 10 seconds.
        var simulation = BalancerSimulation(policy, Self.servers(10, first: .refuses(until: 10)), load: 0.5)
        let before = simulation.run(requests: 4_500)
        #expect(before.failed == 0 && before.requests[0] == 1)
        // Background connections are tried after 1, 3, 7 and 15 seconds.
        _ = simulation.run(requests: 4_000)
        let middle = simulation.result.requests
        _ = simulation.run(requests: 10_000)
        let after = simulation.result.requests
        #expect(simulation.result.failed == 0)
        let share = Double(after[0] - middle[0]) / 10_000
        #expect(isNear(share, 0.1, within: 0.15), "\(share)")
    }

    @Test func `with hash only the clients of the failed server move, and they return`() {
        var steady = BalancerSimulation(.hash, Self.servers(5, first: .serves(1)), load: 0.5)
        _ = steady.run(requests: 20_000, clients: 500)
        var simulation = BalancerSimulation(.hash, Self.servers(5, first: .refuses(until: 10)), load: 0.5)
        _ = simulation.run(requests: 2_000, clients: 500)
        let during = simulation.lastServer
        for (client, server) in steady.lastServer where server != 0 {
            #expect(during[client] == nil || during[client] == server)
        }
        #expect(Set(during.values) == [1, 2, 3, 4])
        _ = simulation.run(requests: 20_000, clients: 500)
        #expect(
            simulation.lastServer.allSatisfy {
                steady.lastServer[$0.key] == nil || steady.lastServer[$0.key] == $0.value
            }
        )
    }

    @Test(arguments: policies)
    func `if all servers are dead every request fails`(policy: Balancer.Policy) {
        let dead = Array(repeating: BalancerSimulation.Behaviour.refuses(until: .infinity), count: 3)
        var simulation = BalancerSimulation(policy, dead, load: 0.5)
        #expect(simulation.run(requests: 1_000).failed == 1_000)
    }

    // MARK: Slow servers

    @Test(arguments: [Balancer.Policy.roundRobin, .random])
    func `a slow server gets a full share from policies that ignore load`(policy: Balancer.Policy) {
        var simulation = BalancerSimulation(policy, Self.servers(10, first: .serves(10)), load: 0.08)
        let result = simulation.run(requests: 20_000)
        #expect(result.failed == 0)
        #expect(isNear(result.share(of: 0), 0.1, within: 0.1))
        // Its queue is at most that of an M/M/1 queue at ten times the load.
        #expect(result.meanInSystem[0] > 10 * result.meanInSystem[1])
    }

    @Test(arguments: [5, 10, 20])
    func `least_requests sends a slow server no more than it can serve`(count: Int) {
        var simulation = BalancerSimulation(.leastRequests, Self.servers(count, first: .serves(10)), load: 0.6)
        let result = simulation.run(requests: 20_000)
        // It can serve a tenth of what another one can.
        let capacity = 0.1 / (0.6 * Double(count))
        #expect(result.share(of: 0) < 1.2 * capacity, "\(result.share(of: 0)) \(capacity)")
        #expect(result.meanInSystem[0] < 4 * result.meanInSystem[1] + 2, "\(result.meanInSystem)")
    }

    // MARK: Fast failures

    @Test(arguments: policies, [2, 5, 10])
    func `a server that answers 503 at once gets no more than its share`(policy: Balancer.Policy, count: Int) {
        for load in [0.05, 0.3, 0.6] where load * Double(count) < Double(count - 1) {
            var simulation = BalancerSimulation(policy, Self.servers(count, first: .fails(1)), load: load)
            let result = simulation.run(requests: 6_000)
            let share = 1 / Double(count)
            #expect(result.share(of: 0) < share * 1.15, "\(load) \(result.share(of: 0))")
            #expect(isNear(Double(result.failed) / 6_000, result.share(of: 0), within: 0.02))
        }
    }

    @Test(arguments: [2, 5])
    func `a server that fails every second request gets no more than its share`(count: Int) {
        var simulation = BalancerSimulation(.leastRequests, Self.servers(count, first: .fails(0.5)), load: 0.5)
        let result = simulation.run(requests: 20_000)
        #expect(result.share(of: 0) < 1.15 / Double(count), "\(result.share(of: 0))")
    }

    @Test func `a server is chosen again once it has recovered from failures`() {
        var balancer = Balancer(policy: .leastRequests, targets: [.init(identity: "a"), .init(identity: "b")])
        var random = SplitMix64(seed: 1)
        balancer.started(1)
        balancer.finished(1, after: .milliseconds(10))
        for _ in 0..<100 {
            balancer.started(0)
            balancer.failed(0, after: .zero, now: .uptimeNanoseconds(0))
        }
        balancer.started(1)
        func picks(at milliseconds: UInt64) -> Int {
            (0..<100).count { _ in
                balancer.pick(
                    available: TargetSet(allOf: 2),
                    now: .uptimeNanoseconds(milliseconds * 1_000_000),
                    using: &random
                ) == 0
            }
        }
        #expect(picks(at: 1) == 0)
        // The weight of failures halves every seven milliseconds.
        #expect(picks(at: 100) == 100)
    }
}
