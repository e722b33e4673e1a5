package import NIOCore
import Synchronization

/// Limits the retries of an upstream to a share of its requests, so that retries do not multiply the load of an upstream
/// that fails.
package struct RetryBudget: Sendable {
    /// The length of the window over which the share is computed, in seconds.
    static let window: UInt64 = 10
    /// How many retries each second are allowed regardless of the share.
    static let perSecond = 3

    private struct Counts {
        var requests = 0
        var retries = 0
    }

    /// The counts of the last seconds. A second has the index of its remainder.
    private var seconds = ContiguousArray(repeating: Counts(), count: Int(window))
    private var total = Counts()
    /// The second that is being counted.
    private var current: UInt64 = 0

    package init() {}

    /// Counts a request. Retries of it do not count as requests.
    package mutating func countRequest(at now: NIODeadline) {
        let index = self.advance(to: now)
        self.seconds[index].requests += 1
        self.total.requests += 1
    }

    /// Counts a retry if the budget allows one.
    ///
    /// - Parameter share: The retries allowed per request.
    package mutating func takeRetry(at now: NIODeadline, share: Double) -> Bool {
        let index = self.advance(to: now)
        let isWithinShare = Double(self.total.retries + 1) <= share * Double(self.total.requests)
        guard isWithinShare || self.seconds[index].retries < Self.perSecond else { return false }
        self.seconds[index].retries += 1
        self.total.retries += 1
        return true
    }

    /// Drops the seconds that have left the window and returns the index of the current one. Workers may report times
    /// slightly out of order; an earlier time counts as the current second.
    private mutating func advance(to now: NIODeadline) -> Int {
        let second = now.uptimeNanoseconds / 1_000_000_000
        if second > self.current {
            // Each second between is empty. After a window they all are.
            for passed in (max(self.current, second - min(second, Self.window)) + 1)...second {
                let index = Int(passed % Self.window)
                self.total.requests -= self.seconds[index].requests
                self.total.retries -= self.seconds[index].retries
                self.seconds[index] = Counts()
            }
            self.current = second
        }
        return Int(self.current % Self.window)
    }
}

/// The retry budget of one upstream, exact across event loops. It lives as long as the
/// upstream.
package final class SharedRetryBudget: Sendable {
    private let budget = Mutex(RetryBudget())

    package init() {}

    static func of(_ upstream: String, in shared: SharedState) -> SharedRetryBudget {
        shared.objectInUse("retry_budget.\(upstream)") { SharedRetryBudget() }
    }

    package func countRequest(at now: NIODeadline) { self.budget.withLock { $0.countRequest(at: now) } }

    package func takeRetry(at now: NIODeadline, share: Double) -> Bool {
        self.budget.withLock { $0.takeRetry(at: now, share: share) }
    }
}
