/// Estimates a sliding window from two counters: the requests of the current aligned window, and of the previous window
/// the share that still lies within one period, as if they had been evenly spread.
///
/// Windows are aligned to multiples of the period on the given clock. No window ever exceeds the limit, whatever
/// preceded it.
package struct SlidingWindow: Hashable, Sendable {
    /// Requests per period: 1 to `GenericCellRate.maximum`.
    package let limit: UInt64
    /// The period in nanoseconds.
    package let period: UInt64
    /// The quota that one request uses, at most the limit.
    package let cost: UInt64

    package init(limit: UInt64, period: UInt64, cost: UInt64) {
        self.limit = min(max(limit, 1), GenericCellRate.maximum)
        self.period = max(period, 1)
        self.cost = min(cost, self.limit)
    }

    /// A cell, updated to a time.
    private struct View {
        var window: UInt64
        var current: UInt64
        var previous: UInt64
        /// The time until the next window.
        var left: UInt64
        /// The share of the previous window that still counts. Rounded down: rounding up would cost each window a
        /// request.
        var weighted: UInt64
    }

    private func view(_ cell: RateLimitCell, at now: UInt64) -> View {
        let (window, elapsed) = now.quotientAndRemainder(dividingBy: self.period)
        var view = View(window: window, current: 0, previous: 0, left: self.period - elapsed, weighted: 0)
        if cell.time == window {
            view.current = UInt64(cell.current)
            view.previous = UInt64(cell.previous)
        } else if cell.time > window {
            // The clock of another event loop is ahead and has started the window already; its counts stay.
            view.window = cell.time
            view.current = UInt64(cell.current)
            view.previous = UInt64(cell.previous)
            view.left = self.period
        } else if window - cell.time == 1 {
            view.previous = UInt64(cell.current)
        }
        if view.previous > 0 {
            view.weighted = view.previous.scaled(by: view.left, over: self.period).quotient
        }
        return view
    }

    /// Nanoseconds until a request is allowed; 0 if it is allowed now.
    package func wait(_ cell: RateLimitCell, at now: UInt64) -> UInt64 {
        let view = self.view(cell, at: now)
        if view.current + view.weighted + self.cost <= self.limit { return 0 }
        if view.current + self.cost <= self.limit {
            // Later in this window, when enough of the previous one has expired.
            return view.left - self.latest(leaving: self.limit - self.cost - view.current, of: view.previous)
        }
        // In the next window, whose previous window is this one.
        return view.left.addingSaturated(self.period - self.latest(leaving: self.limit - self.cost, of: view.current))
    }

    /// The longest time before the end of a window in which at most `room` of the previous window's requests count.
    private func latest(leaving room: UInt64, of previous: UInt64) -> UInt64 {
        guard previous > room else { return self.period }
        let (whole, rest) = (room + 1).scaled(by: self.period, over: previous)
        return rest > 0 ? whole : whole - 1
    }

    package func take(_ cell: inout RateLimitCell, at now: UInt64) {
        let view = self.view(cell, at: now)
        cell = RateLimitCell(
            time: view.window,
            current: UInt32(clamping: view.current + self.cost),
            previous: UInt32(truncatingIfNeeded: view.previous)
        )
    }

    package func standing(_ cell: RateLimitCell, at now: UInt64) -> RateLimitStanding {
        let view = self.view(cell, at: now)
        let taken = view.current + view.weighted
        // A client that waits this long is allowed, even if the previous window still counts.
        let isUsedUp = taken + self.cost > self.limit
        let reset = isUsedUp ? max(view.left, self.wait(cell, at: now)) : view.left
        return RateLimitStanding(
            remaining: taken < self.limit ? UInt32(truncatingIfNeeded: self.limit - taken) : 0,
            resetSeconds: reset.secondsRoundedUp
        )
    }

    /// The time from which the cell is equivalent to an empty one.
    func expiry(_ cell: RateLimitCell) -> UInt64 {
        let windows: UInt64 = cell.current > 0 ? 2 : cell.previous > 0 ? 1 : 0
        let (end, overflow) = cell.time.addingSaturated(windows).multipliedReportingOverflow(by: self.period)
        return overflow ? .max : end
    }
}
