/// All windows of one limit, decided together: a request passes if every window allows it, and otherwise uses no quota.
package struct RateLimitRule: Sendable {
    package enum Window: Hashable, Sendable {
        case cellRate(GenericCellRate)
        case sliding(SlidingWindow)
    }

    /// The units of time of a limit, each used at most once.
    static let maximumWindows = 4

    /// Between one and ``maximumWindows``.
    package let windows: ContiguousArray<Window>

    package init(_ windows: some Sequence<Window>) {
        self.windows = ContiguousArray(windows.prefix(Self.maximumWindows))
    }

    /// - Parameter now: nanoseconds on a clock to whose zero the windows are aligned.
    func decide(_ cells: inout ContiguousArray<RateLimitCell>, from start: Int, at now: UInt64)
        -> RateLimitDecision
    {
        var decision = self.verdict(cells, from: start, at: now)
        for index in 0..<self.windows.count {
            if decision.isAllowed { self.windows[index].take(&cells[start + index], at: now) }
            decision[index] = self.windows[index].standing(cells[start + index], at: now)
        }
        return decision
    }

    /// The decision about a request that a store has counted by this rule, if it was allowed.
    package func decision(_ count: RateLimitCount) -> RateLimitDecision {
        guard count.cells.count >= self.windows.count else { return RateLimitDecision(count: self.windows.count) }
        var decision = RateLimitDecision(count: self.windows.count)
        if !count.isAllowed {
            decision = self.verdict(count.cells, from: 0, at: count.now)
            decision.isAllowed = false
        }
        for index in 0..<self.windows.count {
            decision[index] = self.windows[index].standing(count.cells[index], at: count.now)
        }
        return decision
    }

    /// Whether a request is allowed, and if not, for how long and because of which window.
    private func verdict(_ cells: ContiguousArray<RateLimitCell>, from start: Int, at now: UInt64) -> RateLimitDecision
    {
        var decision = RateLimitDecision(count: self.windows.count)
        var wait: UInt64 = 0
        for index in 0..<self.windows.count {
            let own = self.windows[index].wait(cells[start + index], at: now)
            if own > wait {
                wait = own
                decision.limiting = UInt8(truncatingIfNeeded: index)
            }
        }
        decision.isAllowed = wait == 0
        decision.retryAfter = wait.secondsRoundedUp
        return decision
    }

    /// How many seconds a request would have to wait, rounded up; 0 if it would be allowed.
    func wait(_ cells: ContiguousArray<RateLimitCell>, from start: Int, at now: UInt64) -> Int {
        Int(self.verdict(cells, from: start, at: now).retryAfter)
    }

    /// When a key can be forgotten: from then on its cells are equivalent to empty ones.
    func expiry(_ cells: ContiguousArray<RateLimitCell>, from start: Int) -> UInt64 {
        var expiry: UInt64 = 0
        for index in 0..<self.windows.count {
            expiry = max(expiry, self.windows[index].expiry(cells[start + index]))
        }
        return expiry
    }
}

extension RateLimitRule.Window {
    package func wait(_ cell: RateLimitCell, at now: UInt64) -> UInt64 {
        switch self {
        case .cellRate(let window): window.wait(cell, at: now)
        case .sliding(let window): window.wait(cell, at: now)
        }
    }

    package func take(_ cell: inout RateLimitCell, at now: UInt64) {
        switch self {
        case .cellRate(let window): window.take(&cell, at: now)
        case .sliding(let window): window.take(&cell, at: now)
        }
    }

    package func standing(_ cell: RateLimitCell, at now: UInt64) -> RateLimitStanding {
        switch self {
        case .cellRate(let window): window.standing(cell, at: now)
        case .sliding(let window): window.standing(cell, at: now)
        }
    }

    func expiry(_ cell: RateLimitCell) -> UInt64 {
        switch self {
        case .cellRate(let window): window.expiry(cell)
        case .sliding(let window): window.expiry(cell)
        }
    }
}
