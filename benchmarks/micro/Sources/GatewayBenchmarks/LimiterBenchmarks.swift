@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewayHTTP1
@testable import GatewayMiddlewares
@testable import GatewaySettings

enum LimiterBenchmarks {
    private static let rule = RateLimitRule([
        .sliding(SlidingWindow(limit: 1000, period: 60_000_000_000, cost: 1))
    ])

    static let all = [
        // The same clients again and again.
        MicroBenchmark("limiter.hit") {
            let store = Self.store(keys: 1000)
            var (number, now): (UInt64, UInt64) = (0, 1)
            return {
                number = (number + 1) % 1000
                now += 1_000_000
                guard store.take(Self.key(number), by: Self.rule, at: now) != nil else {
                    throw UnexpectedOutcome("no room for a known key")
                }
            }
        },
        // A new client that replaces an expired one.
        MicroBenchmark("limiter.miss") {
            let store = Self.store(keys: 2000)
            var (number, now): (UInt64, UInt64) = (2000, 1)
            return {
                number += 1
                now += 60_000_000
                guard store.take(Self.key(number), by: Self.rule, at: now) != nil else {
                    throw UnexpectedOutcome("no room for a new key")
                }
            }
        },
        // A new client each time while the store is full: they share buckets.
        MicroBenchmark("limiter.flood") {
            let store = Self.store(keys: 4096)
            var number: UInt64 = 4096
            return {
                number += 1
                guard store.take(Self.key(number), by: Self.rule, at: 1) == nil else {
                    throw UnexpectedOutcome("room in a full table")
                }
                _ = store.takeShared(Self.key(number >> 8), by: Self.rule, at: 1)
            }
        },
    ]

    /// A store with room for 4096 keys, of which this many are in use.
    private static func store(keys: UInt64) -> MemoryRateLimitStore {
        let store = MemoryRateLimitStore(capacity: 4096, width: 1)
        for number in 0..<keys { _ = store.take(Self.key(number), by: Self.rule, at: 1) }
        return store
    }

    /// A number spread like a hash.
    private static func key(_ number: UInt64) -> RateLimitKey {
        var bits = SplitMix64(seed: number)
        return RateLimitKey(high: bits.next(), low: bits.next())
    }
}
