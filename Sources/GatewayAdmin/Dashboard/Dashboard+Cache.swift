import GatewayCache
import GatewaySettings

extension Dashboard {
    /// The results that answered a request without its upstream.
    private static let hits: Set<String> = ["hit", "stale", "revalidated", "coalesced"]

    /// The cache of all routes together.
    var cache: JSONValue {
        let results = self.cacheResults(of: nil)
        let maxSize = self.status.cache?.maxSize ?? 0
        let isUsed = maxSize > 0
        return [
            "enabled": .boolean(isUsed),
            "size_bytes": isUsed ? .whole(self.gauges.sum(named: DashboardMetric.cacheBytes)) : .null,
            "max_size_bytes": isUsed ? .integer(maxSize) : .null,
            "objects": isUsed ? .whole(self.gauges.sum(named: DashboardMetric.cacheObjects)) : .null,
            "evictions": isUsed ? .whole(self.gauges.sum(named: DashboardMetric.cacheEvictions)) : .null,
            "hit_ratio": self.hitRatio(of: nil),
            "results": .sorted(results.mapValues { .whole($0) }),
        ]
    }

    /// The share of requests that the cache answered; null if it was not asked. A request that passed the cache by does not
    /// count.
    ///
    /// - Parameter route: Nil for all routes.
    func hitRatio(of route: String?) -> JSONValue {
        let results = self.cacheResults(of: route)
        let hits = results.reduce(0) { Self.hits.contains($1.key) ? $0 + $1.value : $0 }
        return .ratio(hits, of: hits + (results["miss"] ?? 0))
    }

    /// The requests of the last ten seconds by what the cache did.
    private func cacheResults(of route: String?) -> [String: Double] {
        self.change.series(of: DashboardMetric.cacheRequests).reduce(into: [:]) { results, series in
            if route == nil || series.labels[0] == route { results[series.labels[1], default: 0] += series.added[0] }
        }
    }
}
