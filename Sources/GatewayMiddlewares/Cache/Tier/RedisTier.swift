import GatewayCache
import GatewayCore
import GatewayRedis
import GatewaySettings
import NIOConcurrencyHelpers
import NIOCore

/// The second tier of one worker in Redis, for all of its routes.
final class RedisTier {
    let cache: CacheTier
    /// Keeps what belongs to all workers.
    private let tiers: RedisTiers
    private let client: RedisClient
    /// Of the first worker, which follows the purges for all.
    private let channel: TierPurgeChannel?
    private var subscription: RedisSubscription?

    private struct Weak { weak var value: RedisTier? }

    init(_ tiers: RedisTiers, _ client: RedisClient, of worker: Worker) {
        self.tiers = tiers
        self.client = client
        self.cache = CacheTier(tiers.shared, client, on: worker.eventLoop, TierMeters(worker.meters))
        guard worker.index == 0 else {
            self.channel = nil
            return
        }
        let refusals = TierRefusals(worker.log)
        self.channel = TierPurgeChannel(tiers.shared, client, on: worker.eventLoop) { refusals.note($0) }
        // Later, so that a configuration that is only checked opens no connections.
        let tier = NIOLoopBound(Weak(value: self), eventLoop: worker.eventLoop)
        worker.eventLoop.execute { tier.value.value?.subscribe() }
    }

    deinit { self.channel?.stop() }

    private func subscribe() {
        guard let channel = self.channel else { return }
        channel.begin()
        self.subscription = self.client.subscribe(
            to: self.tiers.shared.names.channel,
            onMessage: { [weak channel] message in channel?.received(message) },
            onChange: { [weak channel] isSubscribed in
                if isSubscribed { channel?.subscribed() } else { channel?.unsubscribed() }
            }
        )
    }
}

@available(*, unavailable)
extension RedisTier: Sendable {}

/// The second tiers of all workers for one configuration of Redis. They are kept over reloads, as long as its settings stay as
/// they are.
final class RedisTiers: Sendable {
    let configuration: RedisConfiguration
    let shared: SharedTier
    private let tiers = NIOLockedValueBox<[ObjectIdentifier: NIOLoopBound<Reference>]>([:])

    private struct Reference { weak var tier: RedisTier? }

    /// - Parameter apply: Purges the memory of this gateway.
    init(_ configuration: RedisConfiguration, apply: @escaping @Sendable (Purge) -> Void) {
        self.configuration = configuration
        self.shared = SharedTier(
            names: TierNames(prefix: configuration.prefix),
            limit: .nanoseconds(configuration.timeout.nanoseconds) * 4,
            gateway: .random(in: 1 ... .max),
            apply: apply
        )
    }

    /// Returns the tier of a worker. Call it on the worker's event loop.
    func tier(of worker: Worker, _ client: RedisClient) -> RedisTier {
        let loop = ObjectIdentifier(worker.eventLoop)
        if let known = self.tiers.withLockedValue({ $0[loop] })?.value.tier { return known }
        let tier = RedisTier(self, client, of: worker)
        let reference = NIOLoopBound(Reference(tier: tier), eventLoop: worker.eventLoop)
        self.tiers.withLockedValue { $0[loop] = reference }
        return tier
    }
}
