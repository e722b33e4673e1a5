/// Whether a request is allowed, and the state of its key in each window afterwards.
package struct RateLimitDecision: Hashable, Sendable {
    package var isAllowed = true
    /// The window that a rejected request has to wait longest for.
    package var limiting: UInt8 = 0
    /// The number of windows, at most `RateLimitRule.maximumWindows`.
    package private(set) var count: UInt8
    /// Seconds until a rejected request would be allowed, rounded up; 0 for an allowed one.
    package var retryAfter: UInt32 = 0
    // Inline, because an array would be allocated for each request.
    private var standings = (RateLimitStanding(), RateLimitStanding(), RateLimitStanding(), RateLimitStanding())

    package init(count: Int) {
        self.count = UInt8(clamping: min(count, RateLimitRule.maximumWindows))
    }

    package subscript(index: Int) -> RateLimitStanding {
        get {
            switch index {
            case 0: self.standings.0
            case 1: self.standings.1
            case 2: self.standings.2
            default: self.standings.3
            }
        }
        set {
            switch index {
            case 0: self.standings.0 = newValue
            case 1: self.standings.1 = newValue
            case 2: self.standings.2 = newValue
            default: self.standings.3 = newValue
            }
        }
    }

    /// The window with the least remaining quota; of equal ones, the one that takes longest to be restored.
    package var tightest: Int {
        var tightest = 0
        for index in 1..<max(1, Int(self.count)) {
            let (best, other) = (self[tightest], self[index])
            if other.remaining < best.remaining
                || other.remaining == best.remaining && other.resetSeconds > best.resetSeconds
            {
                tightest = index
            }
        }
        return tightest
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.isAllowed == right.isAllowed && left.retryAfter == right.retryAfter && left.limiting == right.limiting
            && left.count == right.count && (0..<Int(left.count)).allSatisfy { left[$0] == right[$0] }
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.isAllowed)
        hasher.combine(self.retryAfter)
    }
}
