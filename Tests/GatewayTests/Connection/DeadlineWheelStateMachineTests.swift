import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore

struct DeadlineWheelStateMachineTests {
    private typealias Wheel = DeadlineWheel.StateMachine

    private static func time(_ milliseconds: Int64) -> NIODeadline {
        .uptimeNanoseconds(UInt64(milliseconds) * 1_000_000)
    }

    private static func expired(_ wheel: inout Wheel, at milliseconds: Int64) -> [DeadlineWheel.Slot] {
        var expired: [DeadlineWheel.Slot] = []
        wheel.advance(to: self.time(milliseconds), expired: &expired)
        return expired
    }

    /// Deadlines set on one slot in sequence, and when it expires.
    @Test(
        arguments: [
            ([100], 100), ([100, 500], 500), ([500, 100], 100), ([100, 500, 300], 300), ([500, 100, 500], 500),
            ([500, 100, 500, 100], 100), ([90_000], 90_000), ([200_000, 100_000], 100_000), ([100, 600_000], 600_000),
        ] as [([Int64], Int64)]
    )
    func `a slot expires once, at the deadline that was set last`(deadlines: [Int64], last: Int64) {
        var wheel = Wheel(now: Self.time(0))
        let slot = wheel.makeSlot()
        for deadline in deadlines { _ = wheel.set(slot, to: Self.time(deadline)) }
        var times: [Int64] = []
        for now in stride(from: Int64(0), through: 700_000, by: 10) where !Self.expired(&wheel, at: now).isEmpty {
            times.append(now)
        }
        #expect(times.count == 1)
        #expect(times.allSatisfy { $0 >= last && $0 <= last + 10 })
        #expect(wheel.nextWake() == nil)
    }

    @Test func `a released slot, or one without a deadline, does not expire`() {
        var wheel = Wheel(now: Self.time(0))
        let cleared = wheel.makeSlot()
        let freed = wheel.makeSlot()
        _ = wheel.set(cleared, to: Self.time(50))
        _ = wheel.set(cleared, to: .distantFuture)
        _ = wheel.set(freed, to: Self.time(50))
        wheel.free(freed)
        #expect(Self.expired(&wheel, at: 1000).isEmpty)
    }

    @Test func `deadlines of the previous owner of a slot have no effect`() {
        var wheel = Wheel(now: Self.time(0))
        let slot = wheel.makeSlot()
        _ = wheel.set(slot, to: Self.time(50))
        wheel.free(slot)
        #expect(wheel.set(slot, to: Self.time(60)) == .unchanged)
        #expect(wheel.makeSlot() == slot)
        #expect(Self.expired(&wheel, at: 100).isEmpty)
        _ = wheel.set(slot, to: Self.time(200))
        #expect(Self.expired(&wheel, at: 190).isEmpty)
        #expect(Self.expired(&wheel, at: 210) == [slot])
    }

    @Test func `a deadline in the past expires at the next tick`() {
        var wheel = Wheel(now: Self.time(5000))
        let slot = wheel.makeSlot()
        _ = wheel.set(slot, to: Self.time(10))
        #expect(Self.expired(&wheel, at: 5010) == [slot])
    }

    @Test func `moving a deadline later does not wake the wheel, moving it earlier does`() {
        var wheel = Wheel(now: Self.time(0))
        let slot = wheel.makeSlot()
        #expect(wheel.set(slot, to: Self.time(100)) == .wake(Self.time(110)))
        #expect(wheel.set(slot, to: Self.time(200)) == .unchanged)
        #expect(wheel.set(slot, to: .distantFuture) == .unchanged)
        #expect(wheel.set(slot, to: Self.time(50)) == .wake(Self.time(60)))
        #expect(wheel.nextWake() == Self.time(60))
    }

    /// The loop may hang or the machine may sleep: a slot that goes around again must not be lost in the same
    /// advance.
    @Test(arguments: [20, 100, 5000, 81_910, 81_920, 81_930, 100_000, 300_000] as [Int64])
    func `a deadline beyond the horizon outlasts an advance over many ticks`(jump: Int64) {
        var wheel = Wheel(now: Self.time(0))
        let slots = (0..<40).map { _ in wheel.makeSlot() }
        for (index, slot) in slots.enumerated() {
            _ = wheel.set(slot, to: Self.time(Int64(index)))
            _ = wheel.set(slot, to: Self.time(400_000 + Int64(index) * 10_000))
        }
        #expect(Self.expired(&wheel, at: jump).isEmpty)
        var seen: Set<DeadlineWheel.Slot> = []
        while let wake = wheel.nextWake() {
            var expired: [DeadlineWheel.Slot] = []
            wheel.advance(to: wake, expired: &expired)
            for slot in expired { #expect(seen.insert(slot).inserted) }
        }
        #expect(seen.count == slots.count)
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func `random schedules expire like a plain list, within one tick`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var now = Int64.random(in: 0...1_000_000, using: &random)
        var wheel = Wheel(now: Self.time(now))
        var reference: [DeadlineWheel.Slot: Int64] = [:]
        var slots: [DeadlineWheel.Slot] = []
        for _ in 0..<4000 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0: slots.append(wheel.makeSlot())
            case 1 where !slots.isEmpty:
                let slot = slots.remove(at: Int.random(in: slots.indices, using: &random))
                reference[slot] = nil
                wheel.free(slot)
            case 2...6:
                guard let slot = slots.randomElement(using: &random) else { continue }
                let reach: Int64 = [50, 3000, 80_000, 250_000].randomElement(using: &random) ?? 50
                let deadline = now + Int64.random(in: -20...reach, using: &random)
                // A deadline in the past cannot expire before the present.
                reference[slot] = max(now, deadline)
                _ = wheel.set(slot, to: Self.time(max(0, deadline)))
            case 7:
                guard let slot = slots.randomElement(using: &random) else { continue }
                reference[slot] = nil
                _ = wheel.set(slot, to: .distantFuture)
            default:
                let steps: [Int64] = [1, 10, 200, 5000, 90_000]
                now += Int64.random(in: 1...(steps.randomElement(using: &random) ?? 1), using: &random)
                for slot in Self.expired(&wheel, at: now) {
                    guard let deadline = reference.removeValue(forKey: slot) else {
                        Issue.record("\(slot) expired without a deadline")
                        continue
                    }
                    #expect(deadline <= now, "early")
                }
                let isLate = !reference.values.allSatisfy { $0 > now - 10 }
                #expect(!isLate)
            }
            // No deadline is missed: the wheel wakes at most one tick after the first deadline, or one tick from now.
            guard let first = reference.values.min() else { continue }
            let latest = Self.time(max(first, now) + 20)
            #expect(wheel.nextWake().map { $0 <= latest } ?? false)
        }
    }
}
