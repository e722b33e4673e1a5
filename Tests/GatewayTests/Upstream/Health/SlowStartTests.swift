import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore

@Suite struct SlowStartTests {
    private static let begun = NIODeadline.uptimeNanoseconds(5_000_000_000)
    private static let start = SlowStart(begun: begun, duration: .seconds(30))

    @Test(
        arguments: [(0, 10), (10, 40), (15, 55), (29.9, 99), (30, 100), (1_000, 100), (-1, 10)] as [(Double, Int)]
    )
    func `the share grows from a tenth to all`(seconds: Double, share: Int) {
        #expect(Self.start.share(at: Self.begun + .nanoseconds(Int64(seconds * 1_000_000_000))) == share)
    }

    @Test(arguments: [.milliseconds(1), .milliseconds(500), .seconds(30), .hours(24)] as [TimeAmount])
    func `the steps lead to the whole share, at most ninety of them and one per 50 ms`(duration: TimeAmount) {
        let start = SlowStart(begun: Self.begun, duration: duration)
        var now = Self.begun
        var shares = [start.share(at: now)]
        while let next = start.nextStep(after: now) {
            #expect(next > now)
            #expect(next - now >= .milliseconds(50) || next == Self.begun + duration)
            now = next
            shares.append(start.share(at: now))
        }
        #expect(now == Self.begun + duration)
        #expect(shares.first == 10 && shares.last == 100 && shares == shares.sorted())
        #expect(shares.count <= 92)
    }

    @Test func `a start that takes no time is over`() {
        let none = SlowStart(begun: Self.begun, duration: .zero)
        #expect(none.share(at: Self.begun) == 100 && none.nextStep(after: Self.begun) == nil)
    }
}
