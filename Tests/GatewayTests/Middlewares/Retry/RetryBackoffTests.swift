import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayMiddlewares

struct RetryBackoffTests {
    private static let backoff = RetryBackoff(base: .milliseconds(25), maximum: .seconds(1))

    @Test(
        arguments: [(0, 25), (1, 50), (2, 100), (5, 800), (6, 1000), (7, 1000), (62, 1000), (63, 1000), (.max, 1000)]
            as [(Int, Int64)]
    )
    func `the limit doubles up to the maximum`(retries: Int, milliseconds: Int64) {
        #expect(Self.backoff.delay(after: retries, random: .max) == .milliseconds(milliseconds))
        #expect(Self.backoff.delay(after: retries, random: 0) == .zero)
        let middle = Self.backoff.delay(after: retries, random: .max / 2)
        #expect(middle.nanoseconds == milliseconds * 500_000)
    }

    @Test func `a base of zero does not wait, and the maximum bounds any base`() {
        let none = RetryBackoff(base: .zero, maximum: .seconds(1))
        #expect(none.delay(after: 3, random: .max) == .zero)
        let large = RetryBackoff(base: .hours(1), maximum: .seconds(1))
        #expect(large.delay(after: 0, random: .max) == .seconds(1))
        let largest = RetryBackoff(base: .nanoseconds(.max), maximum: .nanoseconds(.max))
        #expect(largest.delay(after: 9, random: .max) == .nanoseconds(.max))
    }

    @Test func `delays are spread over the whole range`() {
        var random = SplitMix64(seed: 7)
        var counts = Array(repeating: 0, count: 10)
        for _ in 0..<10_000 {
            let delay = Self.backoff.delay(after: 2, random: random.next())
            counts[min(9, Int(delay.nanoseconds / 10_000_000))] += 1
        }
        for count in counts { #expect((900...1100).contains(count)) }
    }
}
