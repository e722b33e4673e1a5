import NIOCore
import Testing

@testable import GatewayRedis

struct RedisBackoffTests {
    @Test func `waits grow from 100 milliseconds to 5 seconds`() {
        var backoff = RedisBackoff()
        let waits = (0..<8).map { _ in backoff.next(random: 0.5).nanoseconds / 1_000_000 }
        #expect(waits == [100, 200, 400, 800, 1600, 3200, 5000, 5000])
        backoff.reset()
        let first = backoff.next(random: 0.5)
        #expect(first == .milliseconds(100))
    }

    @Test func `they differ, but never leave the bounds`() {
        var (low, high) = (RedisBackoff(), RedisBackoff())
        let shortest = (0..<8).map { _ in low.next(random: 0).nanoseconds / 1_000_000 }
        let longest = (0..<8).map { _ in high.next(random: 1).nanoseconds / 1_000_000 }
        #expect(shortest == [100, 150, 300, 600, 1200, 2400, 3750, 3750])
        #expect(longest == [125, 250, 500, 1000, 2000, 4000, 5000, 5000])
    }
}
