import GatewayCache
import GatewayCore
import GatewayHTTP
import NIOCore
import Synchronization

extension SharedCache: CacheControlling {
    /// The one cache of a gateway.
    static func of(_ worker: Worker) -> SharedCache {
        worker.shared.object("\(CacheMiddleware.name).shared") { SharedCache(at: worker) }
    }

    package func purge(_ purge: Purge) async -> PurgeOutcome {
        self.purges.add()
        let purges = self.forms.withLock { $0 }.forms(of: purge)
        // Memory comes second, so that nothing gets there that was found in a tier before.
        let shared = self.tiers.all.flatMap { tier in purges.map { (tier: tier, number: tier.purge($0)) } }
        var outcome = PurgeOutcome(purged: 0)
        for purge in purges { outcome.purged += await self.store.purge(purge, at: self.time(at: .now())) }
        for (tier, number) in shared {
            let isConfirmed = await tier.isConfirmed(number)
            outcome.isPending = outcome.isPending == true || !isConfirmed
        }
        return outcome
    }

    package func entries(of url: CacheURL) async -> [CacheEntry] {
        let now = self.time(at: .now())
        return self.forms.withLock { $0 }.forms(of: url).flatMap { url in
            self.store.list(url: url.text).map { CacheEntry($0, at: now) }
        }
    }

    package func apply(maxSize: Int, forms: StoredURLForms) {
        self.forms.withLock { $0 = forms }
        self.store.maxSize = maxSize
        Task { await self.store.trim(at: self.time(at: .now())) }
    }

    package var maxSize: Int { self.store.maxSize }

    /// Drops the responses of a URL, and those that are on their way.
    func invalidate(_ url: CacheURL) {
        self.purges.add()
        for url in self.forms.withLock({ $0 }).forms(of: url) {
            for tier in self.tiers.all { tier.purge(Purge(.url(url.text))) }
            self.store.invalidate(url: url.text, at: self.time(at: .now()))
        }
    }
}

extension CacheEntry {
    init(_ listing: CacheListing, at now: Int64) {
        let response = listing.response
        var vary: [String: String] = [:]
        for (name, value) in zip(response.variant.names, response.variant.values) {
            vary[String(decoding: name.bytes, as: UTF8.self).lowercased()] =
                value == [0] ? "" : String(decoding: value, as: UTF8.self)
        }
        self.init(
            key: response.key.hexadecimal,
            route: response.route,
            vary: vary,
            status: response.status,
            age: response.lifetime.age(at: now),
            lifetime: response.lifetime.lifetime,
            size: listing.size,
            hits: listing.hits,
            tags: response.tags,
            encodings: response.encodings
        )
    }
}

extension CacheKey {
    fileprivate var hexadecimal: String {
        [self.high, self.low].map { part in
            let digits = String(part, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
