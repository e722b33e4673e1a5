import GatewayCache
import GatewayCore
import GatewayRedis
import GatewaySettings
import NIOConcurrencyHelpers
import NIOCore

/// What the cache shares with other gateways.
extension SharedCache {
    /// Returns the second tier of a worker.
    func tier(in context: BuildContext) -> RedisTier {
        let client = context.redisClient()
        return self.tiers.of(context.redis) { [weak self] purge in self?.purgeMemory(purge) }
            .tier(of: context.worker, client)
    }

    /// Applies a purge that another gateway has made.
    private func purgeMemory(_ purge: Purge) {
        let now = self.time(at: .now())
        if case .url(let url) = purge.subject {
            self.store.invalidate(url: url, isSoft: purge.isSoft, at: now)
        } else {
            self.sweeps.add(self.store.beginPurge(purge, at: now), in: self.store)
        }
    }
}

/// The second tiers that a gateway uses: one, and for a while two, if the settings of Redis have changed.
final class KnownTiers: Sendable {
    private let tiers = NIOLockedValueBox<[Reference]>([])

    private struct Reference { weak var value: RedisTiers? }

    /// The tiers that something uses.
    var all: [SharedTier] { self.tiers.withLockedValue { $0.compactMap { $0.value?.shared } } }

    func of(_ configuration: RedisConfiguration, apply: @escaping @Sendable (Purge) -> Void) -> RedisTiers {
        self.tiers.withLockedValue { tiers in
            tiers.removeAll { $0.value == nil }
            for tier in tiers { if let known = tier.value, known.configuration == configuration { return known } }
            let made = RedisTiers(configuration, apply: apply)
            tiers.append(Reference(value: made))
            return made
        }
    }
}
