import Testing

@testable import Gateway
@testable import GatewayCore

struct SlidingWindowTests {
    private static let second: UInt64 = 1_000_000_000
    private static let minute = 60 * second

    @Test func `the limit is available at once, and again as the previous window slides out`() {
        let window = SlidingWindow(limit: 60, period: Self.minute, cost: 1)
        var cell = RateLimitCell()
        let start = 1000 * Self.minute + 48 * Self.second
        for taken in 1...60 as ClosedRange<UInt32> {
            #expect(window.wait(cell, at: start) == 0)
            window.take(&cell, at: start)
            // With nothing left the reset is a little later, when the first request has slid out.
            let reset: UInt32 = taken < 60 ? 12 : 13
            #expect(window.standing(cell, at: start) == RateLimitStanding(remaining: 60 - taken, resetSeconds: reset))
        }
        // When the next window starts, a fraction of the first request has slid out; all of it one second later.
        #expect(window.wait(cell, at: start) == 12 * Self.second + 1)
        #expect(window.wait(cell, at: start + 12 * Self.second) == 1)
        window.take(&cell, at: start + 12 * Self.second + 1)
        #expect(window.wait(cell, at: start + 12 * Self.second + 1) == Self.second)
        cell = RateLimitCell()
        for _ in 1...60 { window.take(&cell, at: start) }
        #expect(window.standing(cell, at: 1001 * Self.minute + 30 * Self.second).remaining == 30)
        #expect(window.standing(cell, at: 1002 * Self.minute).remaining == 60)
        #expect(window.expiry(cell) == 1002 * Self.minute)
    }

    /// The same algorithm, with the counts of all past windows.
    private struct Reference {
        var limit: Int
        var period: Int
        var cost: Int
        var taken: [Int: Int] = [:]

        func allows(at now: Int) -> Bool {
            let (window, elapsed) = now.quotientAndRemainder(dividingBy: period)
            let previous = taken[window - 1, default: 0] * (period - elapsed) / period
            return taken[window, default: 0] + previous + cost <= limit
        }
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `decisions match the definition, and no window exceeds the limit`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let period = [UInt64(1), 60, 3600].randomElement(using: &random)! * Self.second
        let limit = Int.random(in: 1...40, using: &random)
        let cost = Int.random(in: 1...min(limit, 4), using: &random)
        let window = SlidingWindow(limit: UInt64(limit), period: period, cost: UInt64(cost))
        var reference = Reference(limit: limit, period: Int(period), cost: cost)
        var cell = RateLimitCell()
        var now = UInt64.random(in: 0...(1 << 45), using: &random)
        for _ in 0..<400 {
            now += UInt64.random(in: 0...(Bool.random(using: &random) ? 3 : 3 * period / UInt64(limit)), using: &random)
            if UInt8.random(in: 0..<50, using: &random) == 0 {
                now += period * UInt64.random(in: 0..<4, using: &random)
            }
            let wait = window.wait(cell, at: now)
            #expect((wait == 0) == reference.allows(at: Int(now)))
            if wait == 0 {
                window.take(&cell, at: now)
                reference.taken[Int(now / period), default: 0] += cost
            } else {
                #expect(reference.allows(at: Int(now + wait)))
                #expect(!reference.allows(at: Int(now + wait - 1)))
            }
            #expect(window.standing(cell, at: window.expiry(cell)).remaining == UInt32(limit))
            // A client that waits as long as the fields say is admitted.
            let reset = UInt64(window.standing(cell, at: now).resetSeconds) * Self.second
            #expect(window.wait(cell, at: now + reset) == 0)
        }
        #expect(reference.taken.values.allSatisfy { $0 <= limit })
    }

    @Test func `a window started by a faster clock is kept`() {
        let window = SlidingWindow(limit: 2, period: Self.minute, cost: 1)
        var cell = RateLimitCell()
        for late in [0, 1, 5 * Self.second] as [UInt64] {
            let allowed = window.wait(cell, at: 100 * Self.minute - late) == 0
            if allowed { window.take(&cell, at: 100 * Self.minute - late) }
            #expect(allowed == (late < 5 * Self.second))
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `extreme times and cells do not trap`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let edges: [UInt64] = [0, 1, 7, Self.minute, 1 << 62, .max - 1, .max]
        for limit in edges {
            for period in edges {
                let window = SlidingWindow(limit: limit, period: period, cost: edges.randomElement(using: &random)!)
                for now in edges {
                    var cell = RateLimitCell(
                        time: edges.randomElement(using: &random)!,
                        current: .random(in: 0...(.max), using: &random),
                        previous: .random(in: 0...(.max), using: &random)
                    )
                    _ = window.wait(cell, at: now)
                    window.take(&cell, at: now)
                    _ = window.standing(cell, at: now)
                    _ = window.expiry(cell)
                }
            }
        }
    }
}
