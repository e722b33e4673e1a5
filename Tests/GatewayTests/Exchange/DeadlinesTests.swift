import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore

struct DeadlinesTests {
    private static func time(_ seconds: UInt64) -> NIODeadline { .uptimeNanoseconds(seconds * 1_000_000_000) }

    @Test func `a try ends after per_try, the exchange after total`() {
        var deadlines = Deadlines(from: Self.time(10))
        deadlines.perTry = .seconds(2)
        deadlines.total = .seconds(5)
        deadlines.begin()
        #expect(!deadlines.isInTry && deadlines.next == Self.time(15))

        deadlines.beginTry(at: Self.time(11))
        deadlines.wait(for: .connect, until: Self.time(20))
        #expect(deadlines.isInTry && deadlines.next == Self.time(13))
        #expect(deadlines.expired(at: Self.time(12)) == nil)
        #expect(!deadlines.isTryOver(at: Self.time(12)))
        #expect(deadlines.expired(at: Self.time(13)) == .firstByte)
        #expect(deadlines.isTryOver(at: Self.time(13)))
        #expect(deadlines.expired(at: Self.time(15)) == .total)

        deadlines.endTry()
        #expect(!deadlines.isInTry && deadlines.expired(at: Self.time(13)) == nil)
        deadlines.beginTry(at: Self.time(14))
        #expect(deadlines.next == Self.time(15), "a try does not extend the exchange")
    }

    @Test func `without per_try, a try has no deadline`() {
        var deadlines = Deadlines(from: Self.time(10))
        deadlines.beginTry(at: Self.time(10))
        #expect(!deadlines.isInTry && deadlines.next == .distantFuture)
    }
}
