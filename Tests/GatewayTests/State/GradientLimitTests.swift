import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore

struct GradientLimitTests {
    /// An upstream that serves `capacity` requests at once in 10 ms, and queues the others.
    private struct Simulation {
        var gradient = GradientLimit()
        var limit: Int
        let maximum: Int
        var now = NIODeadline.uptimeNanoseconds(0)

        init(maximum: Int) {
            self.maximum = maximum
            self.limit = maximum
        }

        /// - Returns: The range of limits observed.
        mutating func run(windows: Int, load: Int, capacity: Int, isTimingOut: Bool = false) -> ClosedRange<Int> {
            var lowest = self.limit
            var highest = self.limit
            for _ in 0..<windows {
                let inFlight = min(load, self.limit)
                let latency = UInt64(10_000_000 * max(1, Double(inFlight) / Double(capacity)))
                for _ in 0..<20 {
                    self.now = self.now + .milliseconds(6)
                    let sample: GradientLimit.Sample = isTimingOut ? .timeout : .latency(latency)
                    if case .limit(let limit) = self.gradient.observe(
                        sample,
                        inFlight: inFlight,
                        maximum: self.maximum,
                        at: self.now
                    ) {
                        self.limit = limit
                        lowest = min(lowest, limit)
                        highest = max(highest, limit)
                    }
                }
            }
            return lowest...highest
        }
    }

    @Test func `the limit is constant while the latency is`() {
        var simulation = Simulation(maximum: 100)
        #expect(simulation.run(windows: 200, load: 100, capacity: 1000) == 100...100)
    }

    @Test(arguments: [1 << 53 + 1, Int.max - 1, .max])
    func `a maximum that no route reaches is accepted`(maximum: Int) {
        var simulation = Simulation(maximum: maximum)
        let limits = simulation.run(windows: 3, load: 10, capacity: 1000)
        #expect(limits.upperBound == maximum && limits.lowerBound >= maximum - 1)
    }

    @Test func `the limit shrinks when latency grows, and recovers`() {
        var simulation = Simulation(maximum: 200)
        _ = simulation.run(windows: 100, load: 200, capacity: 300)
        #expect(simulation.limit == 200)
        _ = simulation.run(windows: 40, load: 200, capacity: 40)
        #expect((20...120).contains(simulation.limit), "\(simulation.limit)")
        _ = simulation.run(windows: 200, load: 200, capacity: 300)
        #expect(simulation.limit == 200)
    }

    @Test func `the limit shrinks to one if everything times out, and recovers`() {
        var simulation = Simulation(maximum: 50)
        let seen = simulation.run(windows: 100, load: 50, capacity: 50, isTimingOut: true)
        #expect(seen.lowerBound == 1)
        _ = simulation.run(windows: 300, load: 50, capacity: 50)
        #expect(simulation.limit == 50)
    }

    @Test func `a limit that is not reached is not changed`() {
        var simulation = Simulation(maximum: 100)
        _ = simulation.run(windows: 50, load: 10, capacity: 100)
        _ = simulation.run(windows: 50, load: 10, capacity: 1)
        #expect(simulation.limit == 100)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `the limit stays between one and the maximum for any input`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var gradient = GradientLimit()
        var now = NIODeadline.uptimeNanoseconds(1)
        for _ in 0..<5000 {
            let step = Int64.random(in: -1_000_000_000...1_000_000_000, using: &random)
            now = NIODeadline.uptimeNanoseconds(UInt64(max(1, Int64(now.uptimeNanoseconds) + step)))
            let maximum = Int.random(in: 0...500, using: &random)
            let sample: GradientLimit.Sample =
                Bool.random(using: &random)
                ? .timeout : .latency([0, 1, .max, random.next()].randomElement(using: &random)!)
            let inFlight = Int.random(in: 0...1000, using: &random)
            if case .limit(let limit) = gradient.observe(sample, inFlight: inFlight, maximum: maximum, at: now) {
                #expect(limit >= 1 && limit <= max(1, maximum))
            }
        }
    }
}
