import GatewayAccess
import NIOCore
import Testing

@Suite struct JWKSScheduleTests {
    private static func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(1_000_000_000) + .seconds(seconds) }

    private var schedule = JWKSSchedule(refresh: .minutes(10), at: Self.at(0))

    @Test mutating func `fetches at the start and after each refresh`() {
        #expect(self.schedule.timerFired(at: Self.at(0)) == .fetch)
        #expect(self.schedule.timerFired(at: Self.at(1)) == .nothing)
        #expect(self.schedule.fetched(at: Self.at(2)) == Self.at(602))
        #expect(self.schedule.timerFired(at: Self.at(601)) == .wait(until: Self.at(602)))
        #expect(self.schedule.timerFired(at: Self.at(602)) == .fetch)
    }

    @Test mutating func `tries again after 1, 2, 4 and at most 30 seconds`() {
        var now: Int64 = 0
        for pause: Int64 in [1, 2, 4, 8, 16, 30, 30, 30] {
            #expect(self.schedule.timerFired(at: Self.at(now)) == .fetch)
            #expect(self.schedule.failed(at: Self.at(now)) == Self.at(now + pause))
            #expect(self.schedule.retryAfter(at: Self.at(now)) == Int(pause))
            now += pause
        }
        #expect(self.schedule.timerFired(at: Self.at(now)) == .fetch)
        #expect(self.schedule.fetched(at: Self.at(now)) == Self.at(now + 600))
        #expect(self.schedule.timerFired(at: Self.at(now + 600)) == .fetch)
        #expect(self.schedule.failed(at: Self.at(now + 600)) == Self.at(now + 601))
    }

    @Test mutating func `a fetch that never ends is started again`() {
        #expect(self.schedule.timerFired(at: Self.at(0)) == .fetch)
        #expect(self.schedule.timerFired(at: Self.at(14)) == .nothing)
        #expect(self.schedule.timerFired(at: Self.at(15)) == .fetch)
        #expect(self.schedule.timerFired(at: Self.at(16)) == .nothing)
    }

    @Test mutating func `an unknown key causes one fetch for all who ask`() {
        _ = self.schedule.timerFired(at: Self.at(0))
        #expect(self.schedule.unknownKey(at: Self.at(0)) == .wait)
        _ = self.schedule.fetched(at: Self.at(1))
        #expect(self.schedule.unknownKey(at: Self.at(2)) == .fetch)
        for _ in 0..<100 { #expect(self.schedule.unknownKey(at: Self.at(3)) == .wait) }
        _ = self.schedule.fetched(at: Self.at(4))
        #expect(self.schedule.unknownKey(at: Self.at(11)) == .refuse)
        #expect(self.schedule.unknownKey(at: Self.at(12)) == .fetch)
        _ = self.schedule.failed(at: Self.at(13))
        #expect(self.schedule.unknownKey(at: Self.at(21)) == .refuse)
        #expect(self.schedule.unknownKey(at: Self.at(22)) == .fetch)
    }

    @Test mutating func `a short refresh also limits the pauses`() {
        var schedule = JWKSSchedule(refresh: .seconds(2), at: Self.at(0))
        for pause: Int64 in [1, 2, 2, 2] { #expect(schedule.failed(at: Self.at(0)) == Self.at(pause)) }
    }
}
