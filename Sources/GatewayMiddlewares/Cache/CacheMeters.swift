package import GatewayCache
package import GatewayCore

/// Counts what the cache did with requests, for one route on one event loop.
package struct CacheMeters {
    package static let requests = MetricDescription(
        "gateway_cache_requests_total",
        .counter,
        help: "Requests by what the cache did: hit, stale, revalidated, miss, coalesced, bypass.",
        labels: ["route", "result"]
    )

    /// By the raw value of their result.
    private let counters: [Counter]

    init(in context: borrowing BuildContext) {
        let route = context.route
        var counters: [Counter] = []
        for result in CacheResult.allCases { counters.append(context.counter(Self.requests, route, "\(result.name)")) }
        self.counters = counters
    }

    /// Counts a request, and notes the result for its line in the access log.
    package func count(_ result: CacheResult, of exchange: Exchange) {
        exchange[CacheMiddleware.result] = result
        self.counters[Int(result.rawValue)].add()
    }
}

@available(*, unavailable)
extension CacheMeters: Sendable {}

extension CacheMiddleware {
    /// What the cache did with a request; nil on routes without a cache.
    package static let result = ExchangeKey<CacheResult?>("cache.result", initial: nil)
}
