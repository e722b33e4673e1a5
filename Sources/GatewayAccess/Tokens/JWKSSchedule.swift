package import NIOCore

/// Decides when the key set of an issuer is fetched.
///
/// It is fetched at the start and then from time to time, and kept if that fails. A token that asks for a key of another
/// name may be signed with a new key, so it also causes a fetch, but attackers can make up such names: there is one fetch
/// for all who ask meanwhile, and none within ten seconds of the one before.
package struct JWKSSchedule: Sendable {
    private enum State: Sendable {
        /// Nothing is fetched. Next: `fetching`.
        case waiting(until: NIODeadline)
        /// Next: `waiting`.
        case fetching(since: NIODeadline)
    }

    private static let pauseBetweenRequests = TimeAmount.seconds(10)
    private static let longestRetry = TimeAmount.seconds(30)
    /// A fetch that takes longer than its time limit has been lost.
    private static let longestFetch = TimeAmount.seconds(15)

    private var state: State
    private let refresh: TimeAmount
    /// Whether a key set has ever come.
    package private(set) var hasKeys = false
    private var failures = 0
    /// When a token last caused a fetch.
    private var requested: NIODeadline?

    package init(refresh: TimeAmount, at now: NIODeadline) {
        self.state = .waiting(until: now)
        self.refresh = refresh
    }

    package enum OnTimer: Hashable {
        case fetch
        case wait(until: NIODeadline)
        /// A fetch is under way, whose end says how to go on.
        case nothing
    }

    package mutating func timerFired(at now: NIODeadline) -> OnTimer {
        switch self.state {
        case .waiting(let next) where now >= next:
            self.state = .fetching(since: now)
            return .fetch
        case .waiting(let next): return .wait(until: next)
        case .fetching(let start) where now >= start + Self.longestFetch:
            self.state = .fetching(since: now)
            return .fetch
        case .fetching: return .nothing
        }
    }

    package enum OnUnknownKey: Hashable {
        /// Fetch the keys, and then look again.
        case fetch
        /// Look again when the fetch that is under way ends.
        case wait
        /// The key does not exist, as far as anyone knows.
        case refuse
    }

    package mutating func unknownKey(at now: NIODeadline) -> OnUnknownKey {
        switch self.state {
        case .fetching: return .wait
        case .waiting:
            if let requested, now < requested + Self.pauseBetweenRequests { return .refuse }
            self.requested = now
            self.state = .fetching(since: now)
            return .fetch
        }
    }

    /// A key set has come.
    ///
    /// - Returns: When to fetch it again.
    package mutating func fetched(at now: NIODeadline) -> NIODeadline {
        self.hasKeys = true
        self.failures = 0
        return self.wait(self.refresh, at: now)
    }

    /// The fetch failed. Keys that came before stay.
    ///
    /// - Returns: When to try again: after 1, 2, 4, … 30 seconds.
    package mutating func failed(at now: NIODeadline) -> NIODeadline {
        self.failures = min(self.failures + 1, 6)
        let pause = min(TimeAmount.seconds(1 << Int64(self.failures - 1)), Self.longestRetry)
        return self.wait(min(pause, max(self.refresh, .seconds(1))), at: now)
    }

    private mutating func wait(_ pause: TimeAmount, at now: NIODeadline) -> NIODeadline {
        self.state = .waiting(until: now + pause)
        return now + pause
    }

    /// In how many seconds a client should try again that came before the first keys.
    package func retryAfter(at now: NIODeadline) -> Int {
        guard case .waiting(let next) = self.state, next > now else { return 1 }
        return Int(((next - now).nanoseconds - 1) / 1_000_000_000) + 1
    }
}
