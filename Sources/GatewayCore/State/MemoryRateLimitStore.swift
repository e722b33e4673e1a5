import Synchronization

/// Counts the keys of one rate limiter in memory, exact across event loops. Each shard is locked for one lookup.
///
/// Never tracks more keys than its capacity. When all are active, the caller counts new keys under shared ones, of
/// which there are few and which have reserved capacity.
package final class MemoryRateLimitStore: Sendable {
    private final class Shard: Sendable {
        let table: Mutex<RateLimitTable>
        init(width: Int) { self.table = Mutex(RateLimitTable(width: width)) }
    }

    /// Eviction steps per request: more than one, so that keys expire faster than new ones arrive.
    private static let steps = 2
    /// Eviction steps before a new key is rejected.
    private static let stepsWhereFull = 32
    /// Smaller tables are not sharded, so that all keys have the same chance of being tracked.
    private static let smallest = 4096

    private let shards: ContiguousArray<Shard>
    private let shared: Shard
    private let limit: Atomic<Int>
    private let tracked = Atomic(0)
    private let trackedShared = Atomic(0)

    /// - Parameters:
    ///   - capacity: the maximum number of keys, at least 1.
    ///   - width: the number of windows of the rules that are decided here.
    package init(capacity: Int, width: Int) {
        self.limit = Atomic(max(1, capacity))
        let count = capacity < Self.smallest ? 1 : 16
        self.shards = ContiguousArray((0..<count).map { _ in Shard(width: width) })
        self.shared = Shard(width: width)
    }

    /// The number of tracked keys, including shared ones.
    package var count: Int { self.tracked.load(ordering: .relaxed) + self.trackedShared.load(ordering: .relaxed) }

    /// The maximum number of keys. Reducing it drops none, but no new ones are added.
    package var capacity: Int {
        get { self.limit.load(ordering: .relaxed) }
        set { self.limit.store(max(1, newValue), ordering: .relaxed) }
    }

    /// The additional capacity for shared keys.
    private var sharedCapacity: Int { max(16, self.capacity / 16) }

    /// Decides for a key. Returns nil if the key is new and there is no capacity; then ``takeShared(_:by:at:)``
    /// decides.
    package func take(_ key: RateLimitKey, by rule: RateLimitRule, at now: UInt64) -> RateLimitDecision? {
        self.visitAnother(at: now)
        return self.shard(of: key).table.withLock { table in
            Self.take(key, from: &table, by: rule, at: now, counted: self.tracked, limit: self.capacity)
        }
    }

    /// Returns how many seconds a request of the key would have to wait, without counting it; 0 if it would be allowed.
    package func wait(_ key: RateLimitKey, by rule: RateLimitRule, at now: UInt64) -> Int {
        self.visitAnother(at: now)
        return self.shard(of: key).table.withLock { table in
            Self.evict(from: &table, at: now, steps: Self.steps, counted: self.tracked)
            return table.slot(of: key).map { table.wait($0, rule, at: now) } ?? 0
        }
    }

    /// Decides for a key that many clients share. Without capacity for it, it is counted together with all others of
    /// its kind.
    package func takeShared(_ key: RateLimitKey, by rule: RateLimitRule, at now: UInt64) -> RateLimitDecision {
        self.shared.table.withLock { table in
            let limit = self.sharedCapacity - 1
            if let decision = Self.take(
                key,
                from: &table,
                by: rule,
                at: now,
                counted: self.trackedShared,
                limit: limit
            ) {
                return decision
            }
            let rest = RateLimitKey(high: 0, low: 0)
            if let slot = table.slot(of: rest) { return table.decide(slot, rule, at: now) }
            self.trackedShared.add(1, ordering: .relaxed)
            return table.insert(rest, rule, at: now)
        }
    }

    // MARK: Following

    /// Whether a key is tracked, or can be. Otherwise the caller counts it under a shared one.
    package func hasRoom(for key: RateLimitKey, at now: UInt64) -> Bool {
        if self.tracked.load(ordering: .relaxed) < self.capacity { return true }
        return self.shard(of: key).table.withLock { table in
            Self.evict(from: &table, at: now, steps: Self.stepsWhereFull, counted: self.tracked)
            return table.slot(of: key) != nil || self.tracked.load(ordering: .relaxed) < self.capacity
        }
    }

    /// Takes over what a store of several gateways has counted, to continue from there when it is away.
    package func follow(_ count: RateLimitCount, of key: RateLimitKey, by rule: RateLimitRule) {
        self.visitAnother(at: count.now)
        self.shard(of: key).table.withLock { table in
            Self.evict(from: &table, at: count.now, steps: Self.steps, counted: self.tracked)
            if let slot = table.slot(of: key) { return table.follow(count, in: slot, rule) }
            if Self.reserve(self.tracked, self.capacity) { table.insert(key, rule, following: count) }
        }
    }

    private func shard(of key: RateLimitKey) -> Shard {
        self.shards[Int(truncatingIfNeeded: key.low & UInt64(self.shards.count - 1))]
    }

    // MARK: Tracking

    private static func take(
        _ key: RateLimitKey,
        from table: inout RateLimitTable,
        by rule: RateLimitRule,
        at now: UInt64,
        counted: borrowing Atomic<Int>,
        limit: Int
    ) -> RateLimitDecision? {
        Self.evict(from: &table, at: now, steps: Self.steps, counted: counted)
        if let slot = table.slot(of: key) { return table.decide(slot, rule, at: now) }
        if !Self.reserve(counted, limit) {
            Self.evict(from: &table, at: now, steps: Self.stepsWhereFull, counted: counted)
            guard Self.reserve(counted, limit) else { return nil }
        }
        return table.insert(key, rule, at: now)
    }

    /// Evicts occasionally from a shard that no active key may belong to. Skips a shard that is locked.
    private func visitAnother(at now: UInt64) {
        // The low bits of the clock are random enough here.
        guard self.shards.count > 1, now >> 8 & 15 == 0 else { return }
        let shard = self.shards[Int(truncatingIfNeeded: now >> 12) & (self.shards.count - 1)]
        _ = shard.table.withLockIfAvailable { table in
            Self.evict(from: &table, at: now, steps: Self.stepsWhereFull, counted: self.tracked)
        }
    }

    private static func evict(
        from table: inout RateLimitTable,
        at now: UInt64,
        steps: Int,
        counted: borrowing Atomic<Int>
    ) {
        let evicted = table.evictExpired(at: now, steps: steps)
        if evicted > 0 { counted.subtract(evicted, ordering: .relaxed) }
    }

    private static func reserve(_ counted: borrowing Atomic<Int>, _ limit: Int) -> Bool {
        var count = counted.load(ordering: .relaxed)
        while count < limit {
            let (exchanged, original) = counted.compareExchange(
                expected: count,
                desired: count + 1,
                ordering: .relaxed
            )
            if exchanged { return true }
            count = original
        }
        return false
    }
}
