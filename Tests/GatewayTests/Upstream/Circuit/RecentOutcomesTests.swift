import NIOCore
import Testing

@testable import GatewayCore

struct RecentOutcomesTests {
    private static func time(_ milliseconds: UInt64) -> NIODeadline { .uptimeNanoseconds(milliseconds * 1_000_000) }

    @Test func `what happened within nineteen twentieths of the window counts, nothing older than it does`() {
        for start in stride(from: 5_000 as UInt64, to: 6_000, by: 7) {
            var outcomes = RecentOutcomes(window: .seconds(1))
            outcomes.count(failures: 1, in: outcomes.slot(at: Self.time(start)))
            outcomes.count(successes: 2, in: outcomes.slot(at: Self.time(start)))
            for age in [0, 1, 500, 950] as [UInt64] {
                #expect(outcomes.total(at: Self.time(start + age)) == (2, 1))
            }
            for age in [1_000, 1_050, 3_000, 20_000] as [UInt64] {
                #expect(outcomes.total(at: Self.time(start + age)) == (0, 0))
            }
        }
    }

    @Test func `an outcome of a slot that was overwritten is dropped`() {
        var outcomes = RecentOutcomes(window: .seconds(1))
        outcomes.count(failures: 1, in: 120)
        outcomes.count(failures: 5, in: 100)
        #expect(outcomes.total(at: Self.time(120 * 50)) == (0, 1))
    }

    @Test(arguments: [1, 19, 1_000_000, 86_400_000_000_000] as [Int64])
    func `any window has slots`(nanoseconds: Int64) {
        var outcomes = RecentOutcomes(window: .nanoseconds(nanoseconds))
        #expect(outcomes.width >= 1)
        let now = Self.time(123_456_789)
        outcomes.count(successes: 1, failures: 1, in: outcomes.slot(at: now))
        #expect(outcomes.total(at: now) == (1, 1))
    }
}
