import GatewayCache
import GatewayCore
import GatewayHTTP
import NIOCore

/// What a fetch has to do with the second tier.
extension CacheRoute {
    func tierKey(of exchange: Exchange) -> TierKey? {
        guard let tier = self.tier else { return nil }
        var material = CacheKeyBytes()
        self.write(keyOf: exchange, to: &material)
        return tier.key(material.bytes)
    }

    /// Starts a request to the upstream, unless the second tier has the response.
    func start(_ feeder: CacheFeeder) {
        guard let tier = self.tier, let key = feeder.tierKey else { return feeder.begin() }
        // A stale response in memory is asked for upstream: the tier rarely has a newer one.
        guard feeder.stale == nil, !feeder.skipsTier else { return self.begin(feeder, tier) }
        // Nor has it what proved not to be for sharing.
        guard self.shared.fetches.mark(of: feeder.fetch.key, at: self.now) == nil else {
            return self.begin(feeder, tier)
        }
        var names: [HeaderName] = []
        let select: ([String]) -> [UInt8] = { [weak feeder] texts in
            names = texts.compactMap { HeaderName(validating: $0) }
            guard let exchange = feeder?.exchange else { return [] }
            return Variant(names, of: exchange.request.headers).tierBytes
        }
        let beganAt = self.worker.now
        tier.find(key, select: select) { [self] found in
            // Everybody has left meanwhile.
            guard let exchange = feeder.exchange else { return }
            self.worker.tick()
            feeder.reader?.reportTier(since: beganAt)
            guard let found else { return self.begin(feeder, tier) }
            let response = found.value.response(
                key: feeder.fetch.key,
                variant: Variant(names, of: exchange.request.headers),
                askedAt: feeder.fetch.stamp,
                at: self.now,
                elapsed: found.elapsed,
                isStale: found.isStale
            )
            guard let response else { return self.begin(feeder, tier) }
            self.found(response, feeder, tier)
        }
    }

    private func found(_ response: StoredResponse, _ feeder: CacheFeeder, _ tier: CacheTier) {
        switch response.lifetime.reuse(by: feeder.request, at: self.now) {
        case .fresh, .acceptedStale:
            self.shared.store.insert(response, at: self.now)
            // The request that would have gone upstream ends with the fetch.
            _ = feeder.fetch.finish(response, .found, from: feeder.id)
        case .staleWhileRevalidate:
            self.shared.store.insert(response, at: self.now)
            guard let exchange = feeder.exchange, !feeder.isOwn else {
                feeder.revalidate(response)
                return self.begin(feeder, tier)
            }
            _ = feeder.fetch.finish(response, .found, from: feeder.id)
            self.shared.fetches.remove(feeder.fetch)
            self.refresh(response, feeder.fetch.key, exchange, feeder.request)
        case .revalidate:
            self.shared.store.insert(response, at: self.now)
            feeder.revalidate(response)
            self.begin(feeder, tier)
        case .unusable: self.begin(feeder, tier)
        }
    }

    private func begin(_ feeder: CacheFeeder, _ tier: CacheTier) {
        feeder.seen = tier.shared.seen
        feeder.begin()
    }

    /// Writes a response to the second tier that was stored in memory.
    func writeBehind(_ response: StoredResponse, _ feeder: CacheFeeder) {
        guard let tier = self.tier, let key = feeder.tierKey else { return }
        guard response.body.readableBytes <= self.maxTierObject else { return }
        let fields = response.fields.names
        tier.write(
            StoredValue.Response(response, seen: feeder.seen, at: self.now),
            at: key,
            selection: response.variant.names.map(\.description),
            hasValidator: fields.contains(.etag) || fields.contains(.lastModified)
        )
    }
}

/// Takes the bytes that make a key.
protocol CacheKeySink {
    mutating func combine(_ byte: UInt8)
    mutating func combine(_ bytes: UnsafeRawBufferPointer)
    mutating func combine(lowercased bytes: UnsafeRawBufferPointer)
}

extension SipHash: CacheKeySink {}

/// The bytes that make a key, for digests that all gateways agree on.
struct CacheKeyBytes: CacheKeySink {
    var bytes: [UInt8] = []

    mutating func combine(_ byte: UInt8) { self.bytes.append(byte) }
    mutating func combine(_ bytes: UnsafeRawBufferPointer) { self.bytes.append(contentsOf: bytes) }
    mutating func combine(lowercased bytes: UnsafeRawBufferPointer) {
        for byte in bytes { self.bytes.append(0x41...0x5A ~= byte ? byte | 0x20 : byte) }
    }
}
