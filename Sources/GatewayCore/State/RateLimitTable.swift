/// The keys of one shard with their cells: a hash table with chained, reusable slots.
///
/// Keys whose cells are equivalent to empty ones are evicted, a few with each request and never all at once. Memory
/// grows with the number of keys and is kept.
struct RateLimitTable: Sendable {
    private struct Entry {
        package var key: RateLimitKey
        var expiry: UInt64 = 0
        /// The next entry of the chain, or of the free list.
        var next: Int32
    }

    private static let none: Int32 = -1

    /// The cells of one key.
    private let width: Int
    private var entries: ContiguousArray<Entry> = []
    private var cells: ContiguousArray<RateLimitCell> = []
    /// The first entry of each chain. Empty until the first key is added.
    private var heads: ContiguousArray<Int32> = []
    private var free = Self.none
    private var expiries = ExpiryHeap()

    init(width: Int) {
        self.width = max(1, width)
    }

    /// The number of tracked keys.
    var count: Int { self.expiries.count }

    func slot(of key: RateLimitKey) -> Int? {
        guard !self.heads.isEmpty else { return nil }
        var index = self.heads[self.chain(of: key)]
        while index >= 0 {
            if self.entries[Int(index)].key == key { return Int(index) }
            index = self.entries[Int(index)].next
        }
        return nil
    }

    mutating func decide(_ slot: Int, _ rule: RateLimitRule, at now: UInt64) -> RateLimitDecision {
        let decision = rule.decide(&self.cells, from: slot * self.width, at: now)
        // Rules of another width are not decided here; see `RateLimiters`.
        if decision.isAllowed {
            self.entries[slot].expiry = rule.expiry(self.cells, from: slot * self.width)
        }
        return decision
    }

    /// How many seconds a request would have to wait, rounded up.
    func wait(_ slot: Int, _ rule: RateLimitRule, at now: UInt64) -> Int {
        rule.wait(self.cells, from: slot * self.width, at: now)
    }

    /// Adds a new key, and decides its first request.
    mutating func insert(_ key: RateLimitKey, _ rule: RateLimitRule, at now: UInt64) -> RateLimitDecision {
        let slot = self.add(key)
        let decision = self.decide(slot, rule, at: now)
        self.expiries.insert(slot, expiry: self.entries[slot].expiry)
        return decision
    }

    /// Adds a new key with the cells that another store has for it.
    mutating func insert(_ key: RateLimitKey, _ rule: RateLimitRule, following count: RateLimitCount) {
        let slot = self.add(key)
        self.follow(count, in: slot, rule)
        self.expiries.insert(slot, expiry: self.entries[slot].expiry)
    }

    /// Takes over what another store has counted. Replies may overtake each other, so no cell goes back.
    mutating func follow(_ count: RateLimitCount, in slot: Int, _ rule: RateLimitRule) {
        let start = slot * self.width
        for (index, cell) in count.cells.prefix(self.width).enumerated()
        where cell.isAhead(of: self.cells[start + index]) {
            self.cells[start + index] = cell
        }
        self.entries[slot].expiry = rule.expiry(self.cells, from: start)
    }

    private mutating func add(_ key: RateLimitKey) -> Int {
        if self.count >= self.heads.count { self.grow() }
        let chain = self.chain(of: key)
        let slot: Int
        if self.free >= 0 {
            slot = Int(self.free)
            self.free = self.entries[slot].next
            self.entries[slot] = Entry(key: key, next: self.heads[chain])
            for index in 0..<self.width { self.cells[slot * self.width + index] = RateLimitCell() }
        } else {
            slot = self.entries.count
            self.entries.append(Entry(key: key, next: self.heads[chain]))
            for _ in 0..<self.width { self.cells.append(RateLimitCell()) }
        }
        self.heads[chain] = Int32(truncatingIfNeeded: slot)
        return slot
    }

    /// Checks the keys that were expected to expire first.
    ///
    /// - Parameter steps: how many keys to check.
    /// - Returns: how many keys were evicted.
    mutating func evictExpired(at now: UInt64, steps: Int) -> Int {
        var evicted = 0
        for _ in 0..<steps {
            guard self.expiries.earliest <= now, let slot = self.expiries.earliestSlot else { break }
            let expiry = self.entries[slot].expiry
            if expiry > now {
                self.expiries.postponeFirst(to: expiry)
            } else {
                self.expiries.removeFirst()
                self.unlink(slot)
                evicted += 1
            }
        }
        return evicted
    }

    private mutating func unlink(_ slot: Int) {
        let chain = self.chain(of: self.entries[slot].key)
        let next = self.entries[slot].next
        if self.heads[chain] == Int32(truncatingIfNeeded: slot) {
            self.heads[chain] = next
        } else {
            var index = self.heads[chain]
            while index >= 0 {
                let following = self.entries[Int(index)].next
                if following == Int32(truncatingIfNeeded: slot) {
                    self.entries[Int(index)].next = next
                    break
                }
                index = following
            }
        }
        self.entries[slot].next = self.free
        self.free = Int32(truncatingIfNeeded: slot)
    }

    /// The low bits select the shard.
    private func chain(of key: RateLimitKey) -> Int {
        Int(truncatingIfNeeded: key.high & UInt64(self.heads.count - 1))
    }

    private mutating func grow() {
        // No entry is free here, or the table would not be full.
        self.heads = ContiguousArray(repeating: Self.none, count: max(16, self.heads.count * 2))
        for slot in self.entries.indices {
            let chain = self.chain(of: self.entries[slot].key)
            self.entries[slot].next = self.heads[chain]
            self.heads[chain] = Int32(truncatingIfNeeded: slot)
        }
    }
}
