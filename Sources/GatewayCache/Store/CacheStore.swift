package import GatewayHTTP
import Synchronization

/// The responses that all workers and routes share. They never take more than a number of bytes.
///
/// Responses are in shards by their keys, each of which is locked for one look-up. All shards share the bytes. Whatever
/// takes long, such as releasing what was removed, is done without a lock.
package final class CacheStore: Sendable {
    final class Shard: Sendable {
        let contents = Mutex(CacheShard())
        let bytes = Atomic(0)
    }

    /// A response that is stored may drive out this many others, and one more for each ``bytesPerEviction`` of it.
    private static let evictions = 64
    private static let bytesPerEviction = 512
    /// How many responses are checked for being of no more use whenever one is stored.
    private static let expiryLooks = 2

    let shards: ContiguousArray<Shard>
    let purges = Mutex(PurgeLog())
    /// The newest purge.
    let newestPurge = Atomic<UInt64>(0)
    /// The newest of the purges that have not been through the whole store yet; 0 if there are none.
    let newestSweep = Atomic<UInt64>(0)
    private let limit: Atomic<Int>
    let bytes = Atomic(0)
    private let objects = Atomic(0)
    private let evictedForSize = Atomic(0)
    private let evictedExpired = Atomic(0)
    /// The shard that the next response is evicted from.
    private let hand = Atomic<UInt>(0)

    /// - Parameter shards: A power of two.
    package init(maxSize: Int, shards: Int = 16) {
        self.limit = Atomic(max(0, maxSize))
        self.shards = ContiguousArray((0..<max(1, shards)).map { _ in Shard() })
    }

    /// The maximum number of bytes. If it is reduced, ``trim(at:)`` evicts what does not fit any more.
    package var maxSize: Int {
        get { self.limit.load(ordering: .relaxed) }
        set { self.limit.store(max(0, newValue), ordering: .relaxed) }
    }

    package var figures: CacheFigures {
        CacheFigures(
            bytes: self.bytes.load(ordering: .relaxed),
            objects: self.objects.load(ordering: .relaxed),
            evictedForSize: self.evictedForSize.load(ordering: .relaxed),
            evictedExpired: self.evictedExpired.load(ordering: .relaxed)
        )
    }

    /// The stamp for a request that is sent now.
    package var stamp: PurgeStamp { PurgeStamp(rawValue: self.newestPurge.load(ordering: .acquiring)) }

    private func shard(of key: CacheKey) -> Shard {
        self.shards[Int(truncatingIfNeeded: key.low & UInt64(self.shards.count - 1))]
    }

    // MARK: Responses

    /// Returns the newest response that the fields of a request select, fresh or stale.
    package func find(_ key: CacheKey, for request: borrowing HeaderBlock, at now: Int64) -> StoredResponse? {
        let shard = self.shard(of: key)
        switch shard.contents.withLock({ $0.find(key) }) {
        case .none: return nil
        case .response(let response): return self.unpurged(response, at: now)
        case .newest(let newest):
            var candidate: StoredResponse? = newest
            while let response = candidate, !response.variant.selects(request) {
                candidate = shard.contents.withLock { $0.older(than: response) }
            }
            guard let response = candidate else { return nil }
            shard.contents.withLock { $0.use(response) }
            return self.unpurged(response, at: now)
        case .many(let lists):
            var variants: [Variant] = []
            for names in lists { variants.append(Variant(names, of: request)) }
            let selected = variants
            guard let response = shard.contents.withLock({ $0.find(key, selected) }) else { return nil }
            return self.unpurged(response, at: now)
        }
    }

    /// All variants of a URL, the newest first.
    package func variants(of key: CacheKey) -> [StoredResponse] {
        let responses = self.shard(of: key).contents.withLock { $0.responses(of: key) }
        return responses.compactMap { self.unpurged($0, at: .max) }
    }

    /// Stores a response, in place of the one with the same variant.
    ///
    /// - Returns: False if it was purged since its request was sent, or if there is no room for it.
    @discardableResult
    package func insert(_ response: StoredResponse, at now: Int64) -> Bool {
        self.store(response, at: now) { $0.insert(response, size: $1) }
    }

    /// Puts a response in the place of the one that it updates, if that one is stored still.
    @discardableResult
    package func replace(_ old: StoredResponse, with new: StoredResponse, at now: Int64) -> Bool {
        self.store(new, at: now) { $0.replace(old, with: new, size: $1) }
    }

    private func store(
        _ response: StoredResponse,
        at now: Int64,
        _ change: (inout CacheShard, _ size: Int) -> CacheShard.Removed?
    ) -> Bool {
        let size = response.size
        guard self.reserve(size, at: now) else { return false }
        let shard = self.shard(of: response.key)
        var checked = PurgeStamp.none
        while true {
            if checked != self.stamp || response.askedAt < checked {
                let (newest, isPurged) = self.purges.withLock { ($0.newest, $0.concerns(response)) }
                if isPurged { break }
                checked = newest
            }
            let current = checked
            // A purge is known before it goes through the shards. So it either finds the response, or is found here.
            let result = shard.contents.withLock {
                contents -> (isCurrent: Bool, removed: CacheShard.Removed?, count: Int) in
                guard current == self.stamp else { return (false, nil, 0) }
                let before = contents.count
                let removed = change(&contents, size)
                shard.bytes.store(contents.bytes, ordering: .relaxed)
                return (true, removed, contents.count - before)
            }
            guard result.isCurrent else { continue }
            guard let removed = result.removed else { break }
            self.objects.add(result.count, ordering: .relaxed)
            self.bytes.subtract(removed.bytes, ordering: .relaxed)
            self.expire(in: shard, at: now)
            return true
        }
        self.bytes.subtract(size, ordering: .relaxed)
        return false
    }

    /// Removes a response, if it is stored still.
    package func drop(_ response: StoredResponse) {
        let shard = self.shard(of: response.key)
        let removed = shard.contents.withLock { contents in
            let removed = contents.drop(response)
            shard.bytes.store(contents.bytes, ordering: .relaxed)
            return removed
        }
        if let removed { self.account(removed) }
    }

    /// Keeps an encoded body with a response, if that is stored still and there is room.
    package func keep(_ encoded: StoredResponse.EncodedBody, for response: StoredResponse) {
        let size = StoredResponse.size(of: encoded)
        // Evictions for it are for its size, whatever the time.
        guard self.reserve(size, at: .min) else { return }
        let shard = self.shard(of: response.key)
        let isKept = shard.contents.withLock { contents in
            let isKept = contents.keep(encoded, for: response, size: size)
            shard.bytes.store(contents.bytes, ordering: .relaxed)
            return isKept
        }
        if !isKept { self.bytes.subtract(size, ordering: .relaxed) }
    }

    func account(_ removed: CacheShard.Removed) {
        self.bytes.subtract(removed.bytes, ordering: .relaxed)
        self.objects.subtract(removed.responses.count, ordering: .relaxed)
    }

    // MARK: Room

    /// Takes bytes of what all responses share, and evicts others if there are too few.
    private func reserve(_ size: Int, at now: Int64) -> Bool {
        guard size <= self.maxSize else { return false }
        var evictions = Self.evictions + size / Self.bytesPerEviction
        var taken = self.bytes.load(ordering: .relaxed)
        while true {
            if taken + size <= self.maxSize {
                let (exchanged, original) = self.bytes.compareExchange(
                    expected: taken,
                    desired: taken + size,
                    ordering: .relaxed
                )
                if exchanged { return true }
                taken = original
                continue
            }
            guard evictions > 0, self.evict(at: now) else { return false }
            evictions -= 1
            taken = self.bytes.load(ordering: .relaxed)
        }
    }

    /// Evicts a response from one shard after another, so that none is left with too few. False if all are empty.
    func evict(at now: Int64) -> Bool {
        let average = self.bytes.load(ordering: .relaxed) / self.shards.count
        let least = average / 2
        for attempt in 0..<2 * self.shards.count {
            let number = self.hand.wrappingAdd(1, ordering: .relaxed).newValue
            let shard = self.shards[Int(number % UInt(self.shards.count))]
            // At last, one takes what there is.
            if attempt < self.shards.count, shard.bytes.load(ordering: .relaxed) < least { continue }
            let evicted = shard.contents.withLock { contents in
                let evicted = contents.evict(at: now)
                shard.bytes.store(contents.bytes, ordering: .relaxed)
                return evicted
            }
            guard let evicted else { continue }
            self.bytes.subtract(evicted.size, ordering: .relaxed)
            self.objects.subtract(1, ordering: .relaxed)
            if evicted.isExpired {
                self.evictedExpired.add(1, ordering: .relaxed)
            } else {
                self.evictedForSize.add(1, ordering: .relaxed)
            }
            return true
        }
        return false
    }

    private func expire(in shard: Shard, at now: Int64) {
        let removed = shard.contents.withLock { contents in
            let removed = contents.expire(at: now, looks: Self.expiryLooks)
            shard.bytes.store(contents.bytes, ordering: .relaxed)
            return removed
        }
        self.account(removed)
        self.evictedExpired.add(removed.responses.count, ordering: .relaxed)
    }

    // MARK: Listing

    /// What is stored of a URL, whatever route stored it.
    package func list(url: String) -> [CacheListing] {
        let hash = StoredResponse.hash(ofURL: url)
        var listings: [CacheListing] = []
        for shard in self.shards {
            shard.contents.withLock { $0.list(url: url, hash: hash, into: &listings) }
        }
        return listings.filter { self.unpurged($0.response, at: .max) != nil }
    }
}
