package import GatewayCache
package import GatewayCore
package import GatewaySettings

/// What the gateway around the middlewares needs of the cache.
package enum CacheSupport {
    /// The cache that all routes of a gateway share.
    package static func cache(of worker: Worker) -> any CacheControlling { SharedCache.of(worker) }

    /// Shows the size of the cache among the metrics.
    package static func register(_ worker: Worker, with registry: MeterRegistry) {
        let cache = SharedCache.of(worker)
        registry.addSource { CacheStoreMeters.families(cache.store.figures, purges: cache.purges.value) }
    }

    /// Applies the settings of the routes that have a cache.
    package static func apply(
        _ configuration: GatewayConfiguration,
        _ resolver: inout MiddlewareResolver,
        to cache: any CacheControlling
    ) {
        var maxSize = 0
        var forms = StoredURLForms()
        if self.isConfigured(in: configuration) {
            for route in configuration.routes {
                guard let config = self.cache(of: route, &resolver) else { continue }
                maxSize = max(maxSize, config.maxSize.bytes)
                let rules = CacheRequestRules(config).query
                if !rules.isEmpty, !forms.queries.contains(rules) { forms.queries.append(rules) }
                if !config.keyHost { forms.hasURLsWithoutHost = true }
            }
        }
        cache.apply(maxSize: maxSize, forms: forms)
    }

    /// The requests that keep responses in the cache, in the order of the file.
    ///
    /// - Returns: Also what is wrong with those that are left out.
    package static func warmRequests(
        of configuration: GatewayConfiguration,
        _ resolver: inout MiddlewareResolver
    ) -> (requests: [WarmRequest], problems: [String]) {
        guard self.isConfigured(in: configuration) else { return ([], []) }
        var requests: [WarmRequest] = []
        var problems: [String] = []
        for route in configuration.routes {
            guard let config = self.cache(of: route, &resolver) else { continue }
            let own = route.hosts.first { !$0.contains("*") }
            for warm in config.warm {
                guard let host = warm.host.isEmpty ? own ?? (config.keyHost ? nil : "localhost") : warm.host else {
                    problems.append("route \(route.name) has no host without a wildcard for \(warm.path): set host")
                    continue
                }
                let fields = warm.headers.sorted { $0.key < $1.key }.map {
                    WarmRequest.Field(name: $0.key, value: $0.value)
                }
                let every = warm.every.nanoseconds / 1_000_000
                requests.append(
                    WarmRequest(route: route.name, host: host, path: warm.path, fields: fields, every: every)
                )
            }
        }
        return (requests, problems)
    }

    /// Whether a table is for a cache.
    package static func isConfigured(in configuration: GatewayConfiguration) -> Bool {
        let tables = [configuration.middleware] + configuration.policies.values + configuration.routes.map(\.middleware)
        return tables.contains { $0.nodes[CacheMiddleware.name]?.entries != nil }
    }

    private static func cache(
        of route: RouteConfiguration,
        _ resolver: inout MiddlewareResolver
    ) -> CacheMiddleware.Config? {
        let setting = resolver.settings(for: route).first { $0.name == CacheMiddleware.name }
        guard let setting, setting.isEnabled else { return nil }
        return try? setting.decode(CacheMiddleware.Config.self)
    }
}
