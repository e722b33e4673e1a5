import Synchronization

extension CacheStore {
    /// How many responses are looked at while a shard is locked.
    private static let looksPerLock = 32
    /// How many responses are looked at in one step of a purge.
    private static let looksPerStep = 1024

    /// Removes all responses of a URL, or makes them stale, whatever route stored them. Responses to requests that were sent
    /// before are not stored.
    ///
    /// - Returns: How many were stored.
    @discardableResult
    package func invalidate(url: String, isSoft: Bool = false, at now: Int64) -> Int {
        let purge = Purge(.url(url), isSoft: isSoft)
        let sweep = PurgeSweep(purge, stamp: self.issue(purge, isSwept: false), at: now)
        let hash = StoredResponse.hash(ofURL: url)
        var count = 0
        for shard in self.shards {
            var removed = CacheShard.Removed()
            count += shard.contents.withLock { contents in
                let count = contents.purge(url: url, hash: hash, by: sweep, &removed)
                shard.bytes.store(contents.bytes, ordering: .relaxed)
                return count
            }
            self.account(removed)
        }
        return count
    }

    /// Removes responses, or makes them stale. Other tasks run between its steps, and it never runs on an event loop.
    ///
    /// - Returns: How many were stored.
    @concurrent
    package func purge(_ purge: Purge, at now: Int64) async -> Int {
        var sweep = self.beginPurge(purge, at: now)
        while self.step(&sweep) { await Task.yield() }
        return sweep.count
    }

    /// Begins a purge. What it concerns is not found any more, and ``step(_:)`` has to be called until it returns false.
    package func beginPurge(_ purge: Purge, at now: Int64) -> PurgeSweep {
        if case .url(let url) = purge.subject {
            var sweep = PurgeSweep(purge, stamp: .none, at: now)
            sweep.count = self.invalidate(url: url, isSoft: purge.isSoft, at: now)
            sweep.shard = self.shards.count
            return sweep
        }
        return PurgeSweep(purge, stamp: self.issue(purge, isSwept: true), at: now)
    }

    /// Goes on with a purge for some microseconds. Returns whether there is more to do.
    package func step(_ sweep: inout PurgeSweep) -> Bool {
        guard sweep.shard < self.shards.count else { return false }
        let shard = self.shards[sweep.shard]
        for _ in 0..<Self.looksPerStep / Self.looksPerLock {
            var removed = CacheShard.Removed()
            let current = sweep
            let (next, count) = shard.contents.withLock { contents in
                let result = contents.purge(before: current.slot, looks: Self.looksPerLock, by: current, &removed)
                shard.bytes.store(contents.bytes, ordering: .relaxed)
                return result
            }
            self.account(removed)
            sweep.count += count
            guard let next else {
                sweep.slot = nil
                sweep.shard += 1
                self.releaseTables(of: shard)
                break
            }
            sweep.slot = next
        }
        guard sweep.shard == self.shards.count else { return true }
        let stamp = sweep.stamp
        self.purges.withLock { purges in
            purges.endSweep(stamp)
            self.newestSweep.store(purges.newestSweep.rawValue, ordering: .releasing)
        }
        return false
    }

    /// An empty shard has no use for the memory that a full one needed.
    private func releaseTables(of shard: Shard) {
        // Released outside of the lock.
        _ = shard.contents.withLock { contents in contents.count == 0 ? contents.takeAll() : nil }
    }

    private func issue(_ purge: Purge, isSwept: Bool) -> PurgeStamp {
        self.purges.withLock { purges in
            let stamp = purges.insert(purge, isSwept: isSwept)
            self.newestSweep.store(purges.newestSweep.rawValue, ordering: .releasing)
            self.newestPurge.store(stamp.rawValue, ordering: .releasing)
            return stamp
        }
    }

    /// What a purge that is under way leaves of a response: nothing, or the response made stale.
    func unpurged(_ response: StoredResponse, at now: Int64) -> StoredResponse? {
        guard response.askedAt.rawValue < self.newestSweep.load(ordering: .acquiring) else { return response }
        switch self.purges.withLock({ $0.standing(of: response) }) {
        case .valid: return response
        case .stale: return response.madeStale(at: now)
        case .purged: return nil
        }
    }
}
