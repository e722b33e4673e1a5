import Synchronization

/// Counts the keys of one limiter in memory, exactly over all event loops: each shard is locked for one look-up.
///
/// It never tracks more keys than its capacity. Where it is full of active ones, the caller counts newcomers together under
/// a key that many of them share; those are few, and have room of their own.
final class MemoryRateLimitStore: Sendable {
    private final class Shard: Sendable {
        let table: Mutex<RateLimitTable>
        init(width: Int) { self.table = Mutex(RateLimitTable(width: width)) }
    }

    /// Steps of eviction with each request: more than one, so that expired keys go faster than new ones come.
    private static let steps = 2
    /// Before a newcomer is turned away.
    private static let stepsWhereFull = 32
    /// A table that small is not divided, so that all of its keys have the same chance of a place.
    private static let smallest = 4096

    private let shards: ContiguousArray<Shard>
    private let shared: Shard
    private let limit: Atomic<Int>
    private let tracked = Atomic(0)
    private let trackedShared = Atomic(0)

    /// - Parameters:
    ///   - capacity: keys, at least 1.
    ///   - width: windows of the rules that are decided here.
    init(capacity: Int, width: Int) {
        self.limit = Atomic(max(1, capacity))
        let count = capacity < Self.smallest ? 1 : 16
        self.shards = ContiguousArray((0..<count).map { _ in Shard(width: width) })
        self.shared = Shard(width: width)
    }

    /// Keys that are tracked now, shared ones included.
    var count: Int { self.tracked.load(ordering: .relaxed) + self.trackedShared.load(ordering: .relaxed) }

    /// How many keys may be tracked. Where there are more already, none are dropped, and no new ones begin.
    var capacity: Int {
        get { self.limit.load(ordering: .relaxed) }
        set { self.limit.store(max(1, newValue), ordering: .relaxed) }
    }

    /// Further keys, that many clients share.
    private var sharedCapacity: Int { max(16, self.capacity / 16) }

    /// Decides for a key, or returns nil where it is new and there is no room: then ``takeShared(_:by:at:)`` decides.
    func take(_ key: RateLimitKey, by rule: RateLimitRule, at now: UInt64) -> RateLimitDecision? {
        self.visitAnother(at: now)
        let shard = self.shards[Int(truncatingIfNeeded: key.low & UInt64(self.shards.count - 1))]
        return shard.table.withLock { table in
            Self.take(key, from: &table, by: rule, at: now, counted: self.tracked, limit: self.capacity)
        }
    }

    /// Decides for a key that stands for many clients. Where there is no room for that one either, it is counted with
    /// all others of the kind.
    func takeShared(_ key: RateLimitKey, by rule: RateLimitRule, at now: UInt64) -> RateLimitDecision {
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

    /// Sees now and then to a shard that no key in use may belong to. It does not wait for one that is locked.
    private func visitAnother(at now: UInt64) {
        // The clock's low bits are as good as a random number here.
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
