import GatewayCore
import GatewaySettings
import NIOCore

/// Counts the wrong credentials of each client address, on all routes and workers together.
struct AuthFailures {
    private let limiters: RateLimiters
    private let store: MemoryRateLimitStore
    private let rule: RateLimitRule
    private let identity: RateLimitIdentity

    /// The number of addresses that are counted at once. Further ones share counts by network.
    private static let capacity = 100_000

    /// Returns nil if the number is not limited.
    init?(_ limit: FailureLimit, in context: BuildContext) {
        guard case .rate(let rate) = limit else { return nil }
        let limiters = context.lasting("failures") {
            RateLimiters(unixMilliseconds: Platform.unixMilliseconds(), at: .now())
        }
        self.limiters = limiters
        self.store = limiters.store(named: "failures/\(rate.unit.rawValue)", capacity: Self.capacity, width: 1)
        self.rule = RateLimitRule([
            .sliding(
                SlidingWindow(
                    limit: UInt64(max(1, rate.count)),
                    period: UInt64(max(1, rate.unit.span.nanoseconds)),
                    cost: 1
                )
            )
        ])
        self.identity = RateLimitIdentity(KeySource(.clientIP), ipv6Prefix: 64, seed: limiters.seed)
    }

    /// Returns the seconds to wait if the address has sent too many wrong credentials.
    func wait(_ exchange: Exchange) -> Int? {
        // Nearly always nothing is counted.
        guard self.store.count > 0 else { return nil }
        let now = self.limiters.time(at: exchange.now)
        let seconds = self.store.wait(self.identity.key(of: exchange), by: self.rule, at: now)
        return seconds > 0 ? seconds : nil
    }

    func count(_ exchange: Exchange) {
        let now = self.limiters.time(at: exchange.now)
        guard self.store.take(self.identity.key(of: exchange), by: self.rule, at: now) == nil else { return }
        _ = self.store.takeShared(self.identity.sharedKey(of: exchange), by: self.rule, at: now)
    }
}
