import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore

struct RoutePerformanceTests {
    private func counts(_ performance: RoutePerformance, at second: UInt64) -> [UInt64] {
        var summaries = PerformanceWindow.allCases.map { _ in DurationSummary() }
        performance.copy(to: &summaries, at: .second(second))
        return summaries.map(\.count)
    }

    @Test(arguments: [0, 7, 1000, 86_399] as [UInt64])
    func `each window forgets older durations`(start: UInt64) {
        let performance = RoutePerformance()
        performance.record(nanoseconds: 1, status: 200, isError: false, at: .second(start))
        #expect(counts(performance, at: start) == [1, 1, 1])
        #expect(counts(performance, at: start + 44) == [1, 1, 1])
        #expect(counts(performance, at: start + 60) == [0, 1, 1])
        #expect(counts(performance, at: start + 239) == [0, 1, 1])
        #expect(counts(performance, at: start + 300) == [0, 0, 1])
        #expect(counts(performance, at: start + 719) == [0, 0, 1])
        #expect(counts(performance, at: start + 900) == [0, 0, 0])
    }

    @Test(arguments: [1, 2, 3]) func `counts match a list of all durations`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let performance = RoutePerformance()
        var times: [UInt64] = []
        var now: UInt64 = 500
        for _ in 0..<300 {
            now += [0, 0, 1, 3, 20, 400].randomElement(using: &random) ?? 0
            performance.record(nanoseconds: random.next() >> 40, status: 200, isError: false, at: .second(now))
            times.append(now)
            let later = now + UInt64.random(in: 0...30, using: &random)
            let expected = PerformanceWindow.allCases.map { window in
                let length = window.slotLength / 1_000_000_000
                let first = window.firstSlot(at: .second(later))
                return UInt64(times.count { $0 / length >= first })
            }
            #expect(counts(performance, at: later) == expected)
        }
    }

    @Test(arguments: PerformanceWindow.allCases)
    func `at least three quarters of a window are covered, and never more than all`(window: PerformanceWindow) {
        let seconds: Int64 = [60, 300, 900][window.rawValue]
        for second: UInt64 in 10_000...11_000 {
            let covered = window.covered(at: .second(second), since: .second(0))
            #expect(covered >= .seconds(seconds * 3 / 4) && covered <= .seconds(seconds))
            #expect(window.covered(at: .second(second), since: .second(second - 10)) == .seconds(10))
            #expect(window.covered(at: .second(second), since: .second(second + 10)) == .seconds(0))
        }
    }

    @Test func `a reset clears all windows`() {
        let performance = RoutePerformance()
        performance.record(nanoseconds: 1, status: 200, isError: true, at: .second(100))
        performance.reset()
        #expect(counts(performance, at: 100) == [0, 0, 0])
        performance.record(nanoseconds: 1, status: 200, isError: true, at: .second(100))
        #expect(counts(performance, at: 100) == [1, 1, 1])
    }

    @Test func `a thousand busy routes need at most nine megabytes`() {
        var random = SeededRandom(seed: 7)
        var total = 0
        for _ in 0..<10 {
            let performance = RoutePerformance()
            for second: UInt64 in 1000..<1900 {
                for _ in 0..<2 {
                    // From 1 to 128 ms, equally distributed over the doublings.
                    let nanoseconds = UInt64(1 << 20) << UInt64.random(in: 0...6, using: &random)
                    performance.record(
                        nanoseconds: nanoseconds + random.next() % nanoseconds,
                        status: 200,
                        isError: false,
                        at: .second(second)
                    )
                }
            }
            total += performance.byteCount
        }
        #expect(total * 100 <= 8_500_000, "\(total)")
        #expect(total * 100 > 3_000_000)
    }

    @Test func `a thousand routes with arbitrary durations need at most twenty-six megabytes`() {
        let performance = RoutePerformance()
        for second: UInt64 in 1000..<1900 {
            for exponent in 0..<64 {
                performance.record(nanoseconds: 1 << exponent, status: 200, isError: false, at: .second(second))
            }
        }
        #expect(performance.byteCount <= 26_000)
    }
}

extension NIODeadline {
    fileprivate static func second(_ second: UInt64) -> NIODeadline { .uptimeNanoseconds(second * 1_000_000_000) }
}
