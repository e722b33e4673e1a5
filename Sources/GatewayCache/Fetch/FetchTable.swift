import Synchronization

/// The fetches under way, by key, and the URLs whose responses proved not to be for sharing.
package final class FetchTable: Sendable {
    private let shards: [Shard]

    private final class Shard: Sendable {
        let fetches = Mutex<[CacheKey: [CacheFetch]]>([:])
        let marks = Mutex(FetchMarks())
    }

    package init(shards: Int = 16) { self.shards = (0..<max(1, shards)).map { _ in Shard() } }

    private func shard(of key: CacheKey) -> Shard { self.shards[Int(key.low % UInt64(self.shards.count))] }

    /// Lets `join` join one of the fetches of a key. If it joins none, adds the fetch that `start` makes.
    package func joinOrStart<Joined: Sendable>(
        _ key: CacheKey,
        join: (CacheFetch) -> Joined?,
        start: () -> (CacheFetch, Joined)
    ) -> Joined {
        self.shard(of: key).fetches.withLock { fetches in
            for fetch in fetches[key] ?? [] { if let joined = join(fetch) { return joined } }
            let (fetch, joined) = start()
            fetches[key, default: []].append(fetch)
            return joined
        }
    }

    /// Whether a fetch of the key is under way for which `condition` holds.
    package func contains(_ key: CacheKey, where condition: (CacheFetch) -> Bool) -> Bool {
        self.shard(of: key).fetches.withLock { $0[key]?.contains(where: condition) ?? false }
    }

    // MARK: Marks

    package func mark(of key: CacheKey, at now: Int64) -> FetchMarks.Mark? {
        self.shard(of: key).marks.withLock { $0.mark(of: key, at: now) }
    }

    package func set(_ mark: FetchMarks.Mark?, for key: CacheKey, at now: Int64) {
        self.shard(of: key).marks.withLock { marks in
            if let mark { marks.set(mark, for: key, at: now) } else { marks.remove(key) }
        }
    }

    package func remove(_ fetch: CacheFetch) {
        self.shard(of: fetch.key).fetches.withLock { fetches in
            guard var rest = fetches[fetch.key] else { return }
            rest.removeAll { $0 === fetch }
            fetches[fetch.key] = rest.isEmpty ? nil : rest
        }
    }

    package var count: Int {
        self.shards.reduce(0) { $0 + $1.fetches.withLock { $0.values.reduce(0) { $0 + $1.count } } }
    }
}
