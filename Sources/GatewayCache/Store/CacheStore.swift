package import GatewayHTTP
import Synchronization

/// The responses that all workers and routes share. They never take more than a number of bytes.
package final class CacheStore: Sendable {
    private let responses = Mutex<[CacheKey: [StoredResponse]]>([:])
    private let purges = Mutex(PurgeLog())
    private let limit: Atomic<Int>
    private let bytes = Atomic(0)
    private let objects = Atomic(0)
    private let evictedForSize = Atomic(0)
    private let evictedExpired = Atomic(0)

    package init(maxSize: Int) { self.limit = Atomic(max(0, maxSize)) }

    /// The maximum number of bytes. If it is reduced, responses are evicted as others are stored.
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
    package var stamp: PurgeStamp { self.purges.withLock { $0.newest } }

    // MARK: Responses

    /// Returns the newest response that the fields of a request select, fresh or stale.
    package func find(_ key: CacheKey, for request: borrowing HeaderBlock, at now: Int64) -> StoredResponse? {
        let responses = self.responses.withLock { $0[key] } ?? []
        for response in responses where response.variant.selects(request) { return response }
        return nil
    }

    /// All variants of a URL, the newest first.
    package func variants(of key: CacheKey) -> [StoredResponse] { self.responses.withLock { $0[key] } ?? [] }

    /// Stores a response, in place of the one with the same variant.
    ///
    /// - Returns: False if it was purged since its request was sent, or if there is no room for it.
    @discardableResult
    package func insert(_ response: StoredResponse, at now: Int64) -> Bool {
        let size = response.size
        guard self.bytes.load(ordering: .relaxed) + size <= self.maxSize else { return false }
        guard !self.purges.withLock({ $0.concerns(response) }) else { return false }
        self.responses.withLock { responses in
            var variants = responses[response.key] ?? []
            for old in variants where old.variant == response.variant {
                self.bytes.subtract(old.size, ordering: .relaxed)
                self.objects.subtract(1, ordering: .relaxed)
            }
            variants.removeAll { $0.variant == response.variant }
            variants.insert(response, at: 0)
            responses[response.key] = variants
            self.bytes.add(size, ordering: .relaxed)
            self.objects.add(1, ordering: .relaxed)
        }
        return true
    }

    /// Puts a response in the place of the one that it updates, if that one is stored still.
    @discardableResult
    package func replace(_ old: StoredResponse, with new: StoredResponse, at now: Int64) -> Bool {
        guard self.variants(of: old.key).contains(where: { $0 === old }) else { return false }
        return self.insert(new, at: now)
    }

    /// Removes a response, if it is stored still.
    package func drop(_ response: StoredResponse) {
        self.responses.withLock { responses in
            guard var variants = responses[response.key], variants.contains(where: { $0 === response }) else { return }
            variants.removeAll { $0 === response }
            responses[response.key] = variants.isEmpty ? nil : variants
            self.bytes.subtract(response.size, ordering: .relaxed)
            self.objects.subtract(1, ordering: .relaxed)
        }
    }

    /// Keeps an encoded body with a response, if that is stored still and there is room.
    package func keep(_ encoded: StoredResponse.EncodedBody, for response: StoredResponse) {
        self.responses.withLock { responses in
            guard responses[response.key]?.contains(where: { $0 === response }) == true else { return }
            let size = StoredResponse.size(of: encoded)
            guard self.bytes.load(ordering: .relaxed) + size <= self.maxSize, response.add(encoded) else { return }
            self.bytes.add(size, ordering: .relaxed)
        }
    }

    // MARK: Purges

    /// Removes all responses of a URL, or makes them stale, whatever route stored them. Responses to requests that were sent
    /// before are not stored.
    ///
    /// - Returns: How many were stored.
    @discardableResult
    package func invalidate(url: String, isSoft: Bool = false, at now: Int64) -> Int {
        self.sweep(Purge(.url(url), isSoft: isSoft), at: now)
    }

    /// Removes responses, or makes them stale. From the first suspension on, none of them is found any more.
    ///
    /// - Returns: How many were stored.
    package func purge(_ purge: Purge, at now: Int64) async -> Int { self.sweep(purge, at: now) }

    private func sweep(_ purge: Purge, at now: Int64) -> Int {
        let stamp = self.purges.withLock { $0.insert(purge) }
        let all = self.responses.withLock { $0.values.flatMap { $0 } }
        var count = 0
        for response in all where response.askedAt < stamp {
            guard purge.matches(url: response.url, route: response.route, tags: response.tags) else { continue }
            self.drop(response)
            if purge.isSoft { self.insert(response.madeStale(at: now, askedAt: stamp), at: now) }
            count += 1
        }
        return count
    }

    // MARK: Listing

    /// What is stored of a URL, whatever route stored it.
    package func list(url: String) -> [CacheListing] {
        let all = self.responses.withLock { $0.values.flatMap { $0 } }
        return all.filter { $0.url == url }.map { CacheListing(response: $0, size: $0.size, hits: 0) }
    }
}

extension StoredResponse {
    /// Returns the response with a lifetime that has just ended.
    package func madeStale(at now: Int64, askedAt: PurgeStamp? = nil) -> StoredResponse {
        var lifetime = self.lifetime
        lifetime.lifetime = min(lifetime.lifetime, lifetime.age(at: now))
        return self.updated(lifetime: lifetime, askedAt: askedAt)
    }
}
