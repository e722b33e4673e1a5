import GatewayEvents
import NIOCore
import Testing

@Suite struct StallClockTests {
    private static func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(seconds) }

    @Test func `a client that takes nothing for 30 seconds has stalled`() {
        var clock = StallClock()
        #expect(clock.look(taken: 100, isWaiting: true, at: Self.at(0)) == .look(Self.at(5)))
        #expect(clock.look(taken: 100, isWaiting: true, at: Self.at(28)) == .look(Self.at(30)))
        #expect(clock.look(taken: 100, isWaiting: true, at: Self.at(30)) == .stalled)
    }

    @Test func `every byte taken starts the time again`() {
        var clock = StallClock()
        for second in 0..<100 {
            let look = clock.look(taken: 100 + second, isWaiting: true, at: Self.at(Int64(second * 29)))
            #expect(look == .look(Self.at(Int64(second * 29 + 5))))
        }
    }

    @Test func `silence is no stall`() {
        var clock = StallClock()
        #expect(clock.look(taken: 100, isWaiting: true, at: Self.at(0)) == .look(Self.at(5)))
        #expect(clock.look(taken: 100, isWaiting: false, at: Self.at(20)) == .idle)
        #expect(clock.look(taken: 100, isWaiting: false, at: Self.at(2000)) == .idle)
        #expect(clock.look(taken: 100, isWaiting: true, at: Self.at(3000)) == .look(Self.at(3005)))
        // What waits longer than what was written before it does not count as taken.
        #expect(clock.look(taken: 90, isWaiting: true, at: Self.at(3030)) == .stalled)
    }
}
