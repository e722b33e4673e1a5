import NIOCore
import Testing

@testable import GatewayTracing

struct ExportScheduleTests {
    private static let now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private static func delay(_ verdict: ExportSchedule.Verdict) -> Double? {
        guard case .again(let time) = verdict else { return nil }
        return Double((time - Self.now).nanoseconds) / 1e9
    }

    @Test(arguments: 100...599) func `only four statuses are tried again (OTLP/HTTP, failures)`(status: Int) {
        var schedule = ExportSchedule()
        let verdict = schedule.answered(.status(status, retryAfter: nil), at: Self.now, random: 0.5)
        switch status {
        case 200...299: #expect(verdict == .taken)
        case 429, 502, 503, 504: #expect(Self.delay(verdict) == 1)
        default: #expect(verdict == .lost)
        }
    }

    @Test func `pauses double from 1 s to 30 s, and begin anew after a success`() {
        var schedule = ExportSchedule()
        let delays = (0..<8).map { _ in Self.delay(schedule.answered(.none, at: Self.now, random: 0.5)) }
        #expect(delays == [1, 2, 4, 8, 16, 30, 30, 30])
        #expect(schedule.answered(.status(200, retryAfter: nil), at: Self.now, random: 0.5) == .taken)
        #expect(Self.delay(schedule.answered(.none, at: Self.now, random: 0.5)) == 1)
    }

    @Test func `pauses vary by a fifth`() {
        for step in 0...10 {
            var schedule = ExportSchedule()
            let verdict = schedule.answered(.none, at: Self.now, random: Double(step) / 10)
            #expect((0.8...1.2).contains(Self.delay(verdict) ?? 0))
        }
    }

    @Test func `Retry-After wins, up to an hour`() {
        for (asked, expected) in [(7, 7.0), (0, 0.0), (86_400, 3600.0)] as [(Int64, Double)] {
            var schedule = ExportSchedule()
            let verdict = schedule.answered(.status(429, retryAfter: .seconds(asked)), at: Self.now, random: 0.9)
            #expect(Self.delay(verdict) == expected)
        }
    }
}
