import Testing

@testable import Gateway
@testable import GatewayCore

struct GenericCellRateTests {
    private static let second: UInt64 = 1_000_000_000

    @Test func `the whole burst is available at once, then one token at a time`() {
        let rate = GenericCellRate(limit: 60, period: 60 * Self.second, burst: 3, cost: 1)
        var cell = RateLimitCell()
        let start = 1_000_000 * Self.second
        for remaining in [2, 1, 0] as [UInt32] {
            #expect(rate.wait(cell, at: start) == 0)
            rate.take(&cell, at: start)
            #expect(
                rate.standing(cell, at: start)
                    == RateLimitStanding(remaining: remaining, resetSeconds: 3 - remaining)
            )
        }
        #expect(rate.wait(cell, at: start) == Self.second)
        #expect(rate.wait(cell, at: start + Self.second - 1) == 1)
        #expect(rate.wait(cell, at: start + Self.second) == 0)
        #expect(rate.expiry(cell) == start + 3 * Self.second)
    }

    @Test(arguments: [(7, 7), (3, 3), (60, 60), (1_000_003, 1_000_003), (7, 1000), (1000, 7)])
    func `the bucket is full again to the nanosecond`(limit: UInt64, burst: UInt64) {
        let rate = GenericCellRate(limit: limit, period: 60 * Self.second, burst: burst, cost: burst)
        var cell = RateLimitCell()
        rate.take(&cell, at: 5)
        #expect(rate.standing(cell, at: 5).remaining == 0)
        let (whole, rest) = (60 * Self.second * burst).quotientAndRemainder(dividingBy: limit)
        let full = 5 + whole + (rest > 0 ? 1 : 0)
        #expect(rate.wait(cell, at: 5) == full - 5)
        #expect(rate.expiry(cell) == full)
        #expect(rate.standing(cell, at: full) == RateLimitStanding(remaining: UInt32(burst), resetSeconds: 0))
        #expect(rate.standing(cell, at: full - 1).remaining == UInt32(burst) - 1)
    }

    /// A bucket with fractional units: a token has `period` units, and each nanosecond adds `limit`.
    private struct Reference {
        var limit: Int
        var period: Int
        var burst: Int
        var level: Int
        var time: UInt64

        mutating func advance(to now: UInt64) {
            level = min(burst * period, level + Int(now - time) * limit)
            time = now
        }
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `decisions are those of a bucket with fractions`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let period = [UInt64(1), 60, 3600, 86_400].randomElement(using: &random)! * Self.second
        let limit = Int.random(in: 1...50, using: &random)
        let burst = Int.random(in: 1...60, using: &random)
        let cost = Int.random(in: 1...min(burst, 5), using: &random)
        let rate = GenericCellRate(
            limit: UInt64(limit),
            period: period,
            burst: UInt64(burst),
            cost: UInt64(cost)
        )
        var reference = Reference(limit: limit, period: Int(period), burst: burst, level: burst * Int(period), time: 0)
        var cell = RateLimitCell()
        var now = UInt64.random(in: 0...(1 << 50), using: &random)
        for _ in 0..<400 {
            now += UInt64.random(in: 0...(Bool.random(using: &random) ? 3 : 3 * period / UInt64(limit)), using: &random)
            reference.advance(to: now)
            let missing = cost * Int(period) - reference.level
            let wait = missing > 0 ? (missing + limit - 1) / limit : 0
            #expect(rate.wait(cell, at: now) == UInt64(wait))
            if wait == 0 {
                rate.take(&cell, at: now)
                reference.level -= cost * Int(period)
            }
            let standing = rate.standing(cell, at: now)
            #expect(standing.remaining == UInt32(reference.level / Int(period)))
            let reset = UInt64(burst * Int(period) - reference.level + limit - 1) / UInt64(limit)
            #expect(standing.resetSeconds == reset.secondsRoundedUp)
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `extreme times and cells do not trap`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let edges: [UInt64] = [0, 1, Self.second, 1 << 62, .max - 1, .max]
        for limit in edges {
            for burst in edges {
                let rate = GenericCellRate(
                    limit: limit,
                    period: edges.randomElement(using: &random)!,
                    burst: burst,
                    cost: 3
                )
                for now in edges {
                    var cell = RateLimitCell(
                        time: edges.randomElement(using: &random)!,
                        current: .random(in: 0...(.max), using: &random),
                        previous: .random(in: 0...(.max), using: &random)
                    )
                    _ = rate.wait(cell, at: now)
                    rate.take(&cell, at: now)
                    _ = rate.standing(cell, at: now)
                    _ = rate.expiry(cell)
                }
            }
        }
    }

    @Test func `counting continues when the clock goes back`() {
        let rate = GenericCellRate(limit: 2, period: Self.second, burst: 2, cost: 1)
        var cell = RateLimitCell()
        rate.take(&cell, at: 100 * Self.second)
        rate.take(&cell, at: 100 * Self.second - 5)
        #expect(rate.wait(cell, at: 100 * Self.second - 5) > 0)
        #expect(rate.wait(cell, at: 101 * Self.second) == 0)
    }
}
