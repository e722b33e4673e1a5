import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore

struct RetryBudgetTests {
    private static func time(_ seconds: Double) -> NIODeadline { .uptimeNanoseconds(UInt64((1000 + seconds) * 1e9)) }

    /// Counts requests at a time and returns how many of as many retries are allowed.
    private static func allowed(
        _ budget: inout RetryBudget,
        of retries: Int,
        at seconds: Double,
        share: Double = 0.2
    ) -> Int {
        (0..<retries).count { _ in budget.takeRetry(at: self.time(seconds), share: share) }
    }

    private static func count(_ requests: Int, in budget: inout RetryBudget, at seconds: Double) {
        for _ in 0..<requests { budget.countRequest(at: self.time(seconds)) }
    }

    @Test func `three retries per second are always allowed`() {
        var budget = RetryBudget()
        for second in 0..<30 { #expect(Self.allowed(&budget, of: 5, at: Double(second) + 0.5, share: 0) == 3) }
    }

    @Test(arguments: [(0.2, 200), (0.05, 50), (1, 1000), (2, 2000), (0, 3)])
    func `retries are a share of the requests`(share: Double, expected: Int) {
        var budget = RetryBudget()
        Self.count(1000, in: &budget, at: 0)
        #expect(Self.allowed(&budget, of: 3000, at: 0, share: share) == expected)
        #expect(Self.allowed(&budget, of: 1, at: 0.9, share: share) == 0)
    }

    @Test func `requests and retries count for ten seconds`() {
        var budget = RetryBudget()
        Self.count(100, in: &budget, at: 0)
        #expect(Self.allowed(&budget, of: 100, at: 1) == 20)
        // Three are always allowed.
        #expect(Self.allowed(&budget, of: 100, at: 9.9) == 3)
        // The requests have left the window, the retries have not.
        Self.count(200, in: &budget, at: 10)
        #expect(Self.allowed(&budget, of: 100, at: 10.5) == 17)
        // The first retries leave too.
        #expect(Self.allowed(&budget, of: 100, at: 11) == 20)
    }

    @Test(arguments: [10.0, 11, 19, 20, 35, 100_000])
    func `nothing is left after a pause`(pause: Double) {
        var budget = RetryBudget()
        for second in 0..<10 {
            Self.count(50, in: &budget, at: Double(second))
            _ = Self.allowed(&budget, of: 50, at: Double(second))
        }
        #expect(Self.allowed(&budget, of: 50, at: 9 + pause) == 3)
    }

    @Test func `a time that is slightly earlier counts as the current second`() {
        var budget = RetryBudget()
        Self.count(10, in: &budget, at: 5)
        Self.count(10, in: &budget, at: 4.9)
        #expect(Self.allowed(&budget, of: 10, at: 4.9) == 4)
        #expect(Self.allowed(&budget, of: 10, at: 5) == 0)
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func `retries never exceed the share and three per second`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var budget = RetryBudget()
        var requests: [Double] = []
        var retries: [Double] = []
        var now = 0.0
        for _ in 0..<20_000 {
            now += Double(random.next() % 1000) / 50_000
            if random.next() % 3 == 0 {
                Self.count(1, in: &budget, at: now)
                requests.append(now)
            } else if budget.takeRetry(at: Self.time(now), share: 0.2) {
                retries.append(now)
            }
        }
        // Ten seconds that begin with a second of the clock.
        for start in 0..<max(0, Int(now) - 10) {
            let window = Double(start)..<Double(start + 10)
            let allowed = 0.2 * Double(requests.count(where: window.contains)) + 30
            #expect(Double(retries.count(where: window.contains)) <= allowed)
        }
    }
}
