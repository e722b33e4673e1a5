/// The generic cell rate algorithm (GCRA): a token bucket that stores only the time at which the bucket will be full
/// again.
///
/// That time is exact. It is counted in nanoseconds and fractions of 1/`limit` nanosecond, because 7 tokens per minute
/// do not arrive at whole nanoseconds.
package struct GenericCellRate: Hashable, Sendable {
    /// Tokens per period: 1 to ``maximum``.
    package let limit: UInt64
    /// The period in nanoseconds.
    package let period: UInt64
    package let cost: Span
    /// How long an empty bucket takes to fill.
    package let tolerance: Span

    /// More than any route can serve in a window, and few enough to count in 32 bits.
    package static let maximum: UInt64 = 1_000_000_000

    /// The longest time a bucket may take to fill: ten years. Sums of longer times could overflow.
    package static let longestFill: UInt64 = 10 * 366 * 86_400 * 1_000_000_000

    /// A time in nanoseconds and fractions of 1/`limit` nanosecond.
    package struct Span: Hashable, Sendable {
        package var nanoseconds: UInt64
        package var fraction: UInt64

        init(nanoseconds: UInt64, fraction: UInt64) {
            self.nanoseconds = nanoseconds
            self.fraction = fraction
        }

        /// The time in which this many tokens are refilled.
        init(of tokens: UInt64, limit: UInt64, period: UInt64) {
            (self.nanoseconds, self.fraction) = tokens.scaled(by: period, over: limit)
        }
    }

    /// - Parameters:
    ///   - burst: the capacity of the bucket.
    ///   - cost: the tokens of one request, at most the burst.
    package init(limit: UInt64, period: UInt64, burst: UInt64, cost: UInt64) {
        self.limit = min(max(limit, 1), Self.maximum)
        self.period = max(period, 1)
        let most = Self.longestFill.scaled(by: self.limit, over: self.period).quotient
        let burst = min(max(burst, 1), max(most, 1), Self.maximum)
        self.tolerance = Span(of: burst, limit: self.limit, period: self.period)
        self.cost = Span(of: min(cost, burst), limit: self.limit, period: self.period)
    }

    /// Nanoseconds until a request is allowed; 0 if it is allowed now.
    package func wait(_ cell: RateLimitCell, at now: UInt64) -> UInt64 {
        let after = self.taken(cell, at: now)
        let ahead = after.nanoseconds - now
        guard ahead >= self.tolerance.nanoseconds else { return 0 }
        return (ahead - self.tolerance.nanoseconds).addingSaturated(after.fraction > self.tolerance.fraction ? 1 : 0)
    }

    package func take(_ cell: inout RateLimitCell, at now: UInt64) {
        let after = self.taken(cell, at: now)
        cell = RateLimitCell(time: after.nanoseconds, current: UInt32(truncatingIfNeeded: after.fraction))
    }

    package func standing(_ cell: RateLimitCell, at now: UInt64) -> RateLimitStanding {
        guard cell.time >= now else {
            return RateLimitStanding(remaining: self.remaining(self.tolerance), resetSeconds: 0)
        }
        let missing = Span(nanoseconds: cell.time - now, fraction: self.fraction(of: cell))
        let reset = missing.nanoseconds.addingSaturated(missing.fraction > 0 ? 1 : 0)
        var left = Span(nanoseconds: 0, fraction: 0)
        if missing.nanoseconds < self.tolerance.nanoseconds {
            left.nanoseconds = self.tolerance.nanoseconds - missing.nanoseconds
            if missing.fraction > self.tolerance.fraction {
                left.nanoseconds -= 1
                left.fraction = self.limit + self.tolerance.fraction - missing.fraction
            } else {
                left.fraction = self.tolerance.fraction - missing.fraction
            }
        }
        return RateLimitStanding(remaining: self.remaining(left), resetSeconds: reset.secondsRoundedUp)
    }

    /// The time from which the cell is equivalent to an empty one.
    func expiry(_ cell: RateLimitCell) -> UInt64 { cell.time.addingSaturated(cell.current > 0 ? 1 : 0) }

    /// When the bucket would be full again after another request; at least `now`.
    private func taken(_ cell: RateLimitCell, at now: UInt64) -> Span {
        let isFull = cell.time < now
        var fraction = (isFull ? 0 : self.fraction(of: cell)) + self.cost.fraction
        var nanoseconds = (isFull ? now : cell.time).addingSaturated(self.cost.nanoseconds)
        if fraction >= self.limit {
            fraction -= self.limit
            nanoseconds = nanoseconds.addingSaturated(1)
        }
        return Span(nanoseconds: nanoseconds, fraction: fraction)
    }

    /// The cell may have been written under a different limit, before a reload.
    private func fraction(of cell: RateLimitCell) -> UInt64 { min(UInt64(cell.current), self.limit - 1) }

    private func remaining(_ left: Span) -> UInt32 {
        var product = left.nanoseconds.multipliedFullWidth(by: self.limit)
        let (low, carry) = product.low.addingReportingOverflow(left.fraction)
        product = (product.high &+ (carry ? 1 : 0), low)
        guard product.high < self.period else { return .max }
        return UInt32(clamping: self.period.dividingFullWidth(product).quotient)
    }
}
