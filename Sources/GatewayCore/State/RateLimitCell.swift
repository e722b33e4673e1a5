/// The state of one key in one window: 16 bytes for either algorithm. All zero is a key without requests.
package struct RateLimitCell: Hashable, Sendable {
    /// Nanoseconds; for the sliding window, the number of the aligned window.
    package var time: UInt64 = 0
    /// `GenericCellRate`: the fraction of a nanosecond. `SlidingWindow`: the requests in this window.
    package var current: UInt32 = 0
    /// `SlidingWindow`: the requests in the previous window.
    package var previous: UInt32 = 0

    package init(time: UInt64 = 0, current: UInt32 = 0, previous: UInt32 = 0) {
        self.time = time
        self.current = current
        self.previous = previous
    }

    /// Whether more was counted here than in another state of the same key and window.
    func isAhead(of other: RateLimitCell) -> Bool {
        self.time != other.time ? self.time > other.time : self.current > other.current
    }
}

/// The state of a key in one window, as reported to the client.
package struct RateLimitStanding: Hashable, Sendable {
    /// The remaining quota.
    package var remaining: UInt32 = 0
    /// Seconds until the quota is restored, rounded up.
    package var resetSeconds: UInt32 = 0
}

extension UInt64 {
    func addingSaturated(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = self.addingReportingOverflow(other)
        return overflow ? .max : sum
    }

    /// `self × factor ÷ divisor`, rounded down, and the remainder. Saturates at the largest number.
    package func scaled(by factor: UInt64, over divisor: UInt64) -> (quotient: UInt64, remainder: UInt64) {
        let product = self.multipliedFullWidth(by: factor)
        guard product.high < divisor else { return (.max, 0) }
        return divisor.dividingFullWidth(product)
    }

    /// Nanoseconds as seconds, rounded up.
    var secondsRoundedUp: UInt32 {
        let (seconds, rest) = self.quotientAndRemainder(dividingBy: 1_000_000_000)
        return UInt32(clamping: seconds + (rest > 0 ? 1 : 0))
    }
}
