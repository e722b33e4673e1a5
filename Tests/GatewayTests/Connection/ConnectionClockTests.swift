import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore

struct ConnectionClockTests {
    private static func time(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(seconds) }

    @Test func `asks the wheel only for an earlier look`() {
        var clock = ConnectionClock()
        #expect(clock.arm() == nil)
        clock.readDeadline = Self.time(60)
        #expect(clock.arm() == Self.time(60))
        clock.readDeadline = Self.time(90)
        #expect(clock.arm() == nil)
        clock.waitForWrite(of: 10, at: Self.time(5), timeout: .seconds(30))
        #expect(clock.arm() == Self.time(35))
        clock.disarm()
        clock.stopWaitingForWrite()
        #expect(clock.arm() == Self.time(90))
    }

    @Test func `a body has its time at the rate, without the time in which it is not read`() {
        var clock = ConnectionClock()
        clock.requestBegan(hasBody: true, at: Self.time(100))
        clock.bodyResumed(at: Self.time(103))
        #expect(clock.bodyDeadline(bytes: 0, nanosecondsPerByte: 1e6) == Self.time(113))
        #expect(clock.bodyDeadline(bytes: 2000, nanosecondsPerByte: 1e6) == Self.time(115))
        clock.bodyPaused(at: Self.time(104))
        clock.bodyResumed(at: Self.time(110))
        clock.bodyResumed(at: Self.time(120))
        #expect(clock.bodyDeadline(bytes: 2000, nanosecondsPerByte: 1e6) == Self.time(121))
        clock.bodyAwaited(at: Self.time(200))
        #expect(clock.bodyDeadline(bytes: 0, nanosecondsPerByte: 1e6) == Self.time(210))
    }

    @Test func `a rate close to zero leaves all the time there is`() {
        var clock = ConnectionClock()
        clock.requestBegan(hasBody: true, at: Self.time(0))
        #expect(clock.bodyDeadline(bytes: .max, nanosecondsPerByte: 1e15) > Self.time(1_000_000_000))
    }

    @Test func `a client that accepts some of its bytes gets more time for the rest`() {
        var clock = ConnectionClock()
        clock.waitForWrite(of: 100, at: Self.time(0), timeout: .seconds(30))
        clock.wrote(50)
        #expect(clock.writeDeadlineReached(unwritten: 149) == .wait)
        #expect(clock.writeDeadlineReached(unwritten: 150) == .timedOut)
        #expect(clock.waitsForWrite)
        #expect(clock.writeDeadlineReached(unwritten: 0) == .done)
        #expect(!clock.waitsForWrite)
        #expect(clock.writeDeadline == .distantFuture)
    }

    @Test func `a client that keeps sending does not linger for ever`() {
        var clock = ConnectionClock()
        clock.inputDropped(at: Self.time(0))
        #expect(clock.readDeadline == .distantFuture)
        clock.linger(at: Self.time(0))
        #expect(clock.readDeadline == Self.time(2))
        clock.inputDropped(at: Self.time(10))
        #expect(clock.readDeadline == Self.time(12))
        clock.inputDropped(at: Self.time(29))
        #expect(clock.readDeadline == Self.time(30))
    }
}
