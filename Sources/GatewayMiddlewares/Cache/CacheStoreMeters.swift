import GatewayCache
package import GatewayCore

/// Shows the figures of the store as metrics.
package enum CacheStoreMeters {
    package static let bytes = MetricDescription(
        "gateway_cache_bytes",
        .gauge(.sum),
        help: "Memory of the stored responses, with their keys and heads.",
        unit: .bytes
    )
    package static let objects = MetricDescription("gateway_cache_objects", .gauge(.sum), help: "Stored responses.")
    package static let evictions = MetricDescription(
        "gateway_cache_evictions_total",
        .counter,
        help: "Responses that left the cache: size (to make room), expired.",
        labels: ["reason"]
    )
    package static let purges = MetricDescription(
        "gateway_cache_purges_total",
        .counter,
        help: "Purges through the admin API, and invalidations by unsafe methods."
    )

    static func families(_ figures: CacheFigures, purges: Double) -> [MetricFamily] {
        var families = [
            MetricFamily(Self.bytes), MetricFamily(self.objects), MetricFamily(self.evictions),
            MetricFamily(Self.purges),
        ]
        families[0].append([], Double(figures.bytes))
        families[1].append([], Double(figures.objects))
        families[2].append(["size"], Double(figures.evictedForSize))
        families[2].append(["expired"], Double(figures.evictedExpired))
        families[3].append([], purges)
        return families
    }
}
