package import GatewayCore

/// Counts what became of look-ups and writes in the second tier, on one event loop.
package struct TierMeters {
    package static let requests = MetricDescription(
        "gateway_cache_tier_requests_total",
        .counter,
        help:
            "Look-ups in Redis for the cache (hit, miss, error), writes that failed (error) or found no room (dropped).",
        labels: ["tier", "result"]
    )

    let hit: Counter
    let miss: Counter
    let error: Counter
    let dropped: Counter

    package init(_ meters: MeterShard) {
        self.hit = meters.counter(Self.requests, ["redis", "hit"])
        self.miss = meters.counter(Self.requests, ["redis", "miss"])
        self.error = meters.counter(Self.requests, ["redis", "error"])
        self.dropped = meters.counter(Self.requests, ["redis", "dropped"])
    }
}

@available(*, unavailable)
extension TierMeters: Sendable {}
