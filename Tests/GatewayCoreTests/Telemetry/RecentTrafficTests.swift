import NIOCore
import Testing

@testable import GatewayCore

/// The seconds of a route, and the counts that a reset does not change.
struct RecentTrafficTests {
    private static func time(_ second: UInt64) -> NIODeadline { .uptimeNanoseconds(second * 1_000_000_000) }

    private static func traffic(_ performance: RoutePerformance, _ seconds: ClosedRange<UInt64>) -> Traffic {
        var traffic = Traffic()
        performance.copy(seconds, to: &traffic)
        return traffic
    }

    @Test(arguments: [0, 5, 1000] as [UInt64]) func `requests belong to their second`(start: UInt64) {
        let performance = RoutePerformance()
        for (second, status) in [(0, 200), (0, 404), (1, 502), (1, 503), (1, 204), (3, 302)] as [(UInt64, Int)] {
            performance.record(nanoseconds: 5, status: status, isError: false, at: Self.time(start + second))
        }
        let first = Self.traffic(performance, start...start).statuses
        #expect([first[2], first[4], first[5], first.total] == [1, 1, 0, 2])
        let second = Self.traffic(performance, start + 1...start + 1)
        #expect([second.statuses[5], second.statuses[2]] == [2, 1])
        #expect(second.durations.count == 3)
        #expect(Self.traffic(performance, start + 2...start + 2).statuses.total == 0)
        #expect(Self.traffic(performance, start...start + 9).statuses.total == 6)
    }

    @Test func `the last ten seconds are known, and the current one`() {
        let performance = RoutePerformance()
        for second: UInt64 in 100...130 {
            performance.record(nanoseconds: 5, status: 200, isError: false, at: Self.time(second))
        }
        #expect(Self.traffic(performance, 0...1000).statuses.total == 11)
        #expect(Self.traffic(performance, 120...130).statuses.total == 11)
        #expect(performance.counted.total == 31)
    }

    @Test func `what is no status counts, in no class`() {
        let performance = RoutePerformance()
        for status in [0, -7, 42, 600, 999, .max, .min] {
            performance.record(nanoseconds: 5, status: status, isError: false, at: Self.time(1))
        }
        let statuses = Self.traffic(performance, 1...1).statuses
        #expect(statuses.total == 7)
        #expect(StatusCounts.classes.allSatisfy { statuses[$0] == 0 })
    }

    @Test func `a reset forgets the seconds and keeps the counts`() {
        let performance = RoutePerformance()
        performance.record(nanoseconds: 5, status: 200, isError: false, at: Self.time(1))
        performance.record(nanoseconds: 5, status: 500, isError: false, at: Self.time(2))
        performance.reset()
        #expect(performance.counted.total == 2)
        #expect(Self.traffic(performance, 0...10).statuses.total == 0)
        performance.record(nanoseconds: 5, status: 200, isError: false, at: Self.time(2))
        #expect(performance.counted[2] == 2)
        #expect(performance.counted[5] == 1)
    }
}
