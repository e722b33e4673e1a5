import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore

@Suite struct PollScheduleTests {
    private static func at(_ seconds: Double) -> NIODeadline { .uptimeNanoseconds(UInt64(seconds * 1_000_000_000)) }

    private static func schedule(_ ids: [String], limit: Int, every seconds: Int64 = 10) -> PollSchedule<String> {
        var schedule = PollSchedule<String>(limit: limit)
        for id in ids { schedule.set(id, every: .seconds(seconds), at: Self.at(0)) }
        return schedule
    }

    /// All polls that may begin now.
    private static func begin(_ schedule: inout PollSchedule<String>, at seconds: Double) -> [String] {
        var begun: [String] = []
        while let id = schedule.next(at: Self.at(seconds)) { begun.append(id) }
        return begun
    }

    @Test func `first polls are due at once, within the limit and in order`() {
        var schedule = Self.schedule(["a", "b", "c", "d", "e"], limit: 2)
        #expect(schedule.wakeUp == Self.at(0))
        #expect(Self.begin(&schedule, at: 0) == ["a", "b"])
        #expect(schedule.running == 2)
        // Only the end of a poll makes room.
        #expect(schedule.wakeUp == nil)
        schedule.ended("b", at: Self.at(1), random: 0.5)
        #expect(Self.begin(&schedule, at: 1) == ["c"])
        schedule.ended("a", at: Self.at(2), random: 0.5)
        schedule.ended("c", at: Self.at(2), random: 0.5)
        #expect(Self.begin(&schedule, at: 2) == ["d", "e"])
    }

    @Test(arguments: [(0, 9.0), (0.5, 10), (1, 11), (0.25, 9.5)] as [(Double, Double)])
    func `the interval counts from the beginning of a poll and varies by a tenth`(random: Double, due: Double) {
        var schedule = Self.schedule(["a"], limit: 1)
        #expect(Self.begin(&schedule, at: 0) == ["a"])
        schedule.ended("a", at: Self.at(2), random: random)
        #expect(schedule.due("a") == Self.at(due))
        #expect(schedule.wakeUp == Self.at(due))
        #expect(Self.begin(&schedule, at: due - 0.001).isEmpty)
        #expect(Self.begin(&schedule, at: due) == ["a"])
    }

    @Test func `a poll that takes longer than the interval is followed by the next at once`() {
        var schedule = Self.schedule(["a"], limit: 1, every: 1)
        #expect(Self.begin(&schedule, at: 0) == ["a"])
        schedule.ended("a", at: Self.at(7), random: 0.5)
        #expect(schedule.due("a") == Self.at(7))
    }

    @Test func `the one that is due longest goes first`() {
        var schedule = Self.schedule(["slow", "x", "y"], limit: 1)
        #expect(Self.begin(&schedule, at: 0) == ["slow"])
        schedule.ended("slow", at: Self.at(0), random: 0)
        #expect(Self.begin(&schedule, at: 0) == ["x"])
        // "slow" is due at 9, "y" since 0.
        schedule.ended("x", at: Self.at(20), random: 1)
        #expect(Self.begin(&schedule, at: 20) == ["y"])
        schedule.ended("y", at: Self.at(20), random: 1)
        #expect(Self.begin(&schedule, at: 20) == ["slow"])
    }

    @Test func `a new interval brings the next poll forward, but does not delay it`() {
        var schedule = Self.schedule(["a"], limit: 1)
        #expect(Self.begin(&schedule, at: 0) == ["a"])
        schedule.ended("a", at: Self.at(0), random: 0.5)
        schedule.set("a", every: .seconds(10), at: Self.at(1))
        #expect(schedule.due("a") == Self.at(10))
        schedule.set("a", every: .seconds(2), at: Self.at(1))
        #expect(schedule.due("a") == Self.at(3))
        schedule.set("a", every: .seconds(100), at: Self.at(2))
        #expect(schedule.due("a") == Self.at(3))
        #expect(Self.begin(&schedule, at: 3) == ["a"])
        schedule.ended("a", at: Self.at(3), random: 0.5)
        #expect(schedule.due("a") == Self.at(103))
    }

    @Test func `removing an endpoint frees the place of its poll`() {
        var schedule = Self.schedule(["a", "b"], limit: 1)
        #expect(Self.begin(&schedule, at: 0) == ["a"])
        schedule.remove("a")
        #expect(schedule.running == 0 && schedule.due("a") == nil)
        #expect(Self.begin(&schedule, at: 0) == ["b"])
        schedule.ended("a", at: Self.at(1), random: 0.5)
        #expect(schedule.running == 1)
    }

    @Test func `a lower limit applies once polls have ended`() {
        var schedule = Self.schedule(["a", "b", "c"], limit: 2)
        #expect(Self.begin(&schedule, at: 0) == ["a", "b"])
        schedule.limit = 1
        schedule.ended("a", at: Self.at(0), random: 0.5)
        #expect(Self.begin(&schedule, at: 0).isEmpty)
        schedule.ended("b", at: Self.at(0), random: 0.5)
        #expect(Self.begin(&schedule, at: 0) == ["c"])
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func `too many endpoints are polled in turn, none twice before another`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var schedule = Self.schedule((0..<50).map { "\($0)" }, limit: 3, every: 1)
        var counts: [String: Int] = [:]
        var running: [String] = []
        var now = 0.0
        for _ in 0..<2_000 {
            running += Self.begin(&schedule, at: now)
            #expect(running.count == 3 && schedule.running == 3)
            now += Double.random(in: 0...1, using: &random)
            let id = running.remove(at: Int.random(in: 0..<3, using: &random))
            counts[id, default: 0] += 1
            schedule.ended(id, at: Self.at(now), random: Double.random(in: 0...1, using: &random))
        }
        let (least, most) = (counts.values.min() ?? 0, counts.values.max() ?? 0)
        #expect(counts.count == 50 && most - least <= 3, "\(least) to \(most)")
    }

    @Test func `gateways that start together drift apart`() {
        var random = SplitMix64(seed: 7)
        var due: [Double] = []
        for _ in 0..<200 {
            var schedule = Self.schedule(["a"], limit: 1)
            var now = Self.at(0)
            for _ in 0..<20 {
                _ = schedule.next(at: now)
                schedule.ended("a", at: now, random: Double.random(in: 0...1, using: &random))
                now = schedule.due("a") ?? now
            }
            due.append(Double(now.uptimeNanoseconds) / 1_000_000_000)
        }
        let mean = due.reduce(0, +) / Double(due.count)
        let deviation = (due.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(due.count)).squareRoot()
        // 20 intervals of 10 s: symmetric, and a standard deviation of 10 s · 0.2 / √12 · √20.
        #expect(abs(mean - 200) < 1)
        #expect(abs(deviation - 2.58) < 0.5)
    }
}
