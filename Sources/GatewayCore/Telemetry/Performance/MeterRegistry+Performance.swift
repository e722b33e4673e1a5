package import NIOCore

extension MeterRegistry {
    /// The routes that had traffic since the statistics started.
    package func measuredRoutes() async -> Set<String> {
        var routes: Set<String> = []
        for shard in self.shards {
            let names = shard.eventLoop.submit { Array(shard.value.performances.keys) }
            routes.formUnion((try? await names.get()) ?? [])
        }
        return routes
    }

    /// The durations of each of `routes` in each `PerformanceWindow`, across event loops. Each loop adds up its slots
    /// without a break, so ask for some dozens of routes at a time.
    package func performance(of routes: [String], at now: NIODeadline) async -> [[DurationSummary]] {
        let empty = PerformanceWindow.allCases.map { _ in DurationSummary() }
        let pending = self.shards.map { shard in
            shard.eventLoop.submit { shard.value.performance(of: routes, at: now) }
        }
        var result = routes.map { _ in empty }
        for future in pending {
            guard let parts = try? await future.get() else { continue }
            for (route, part) in parts.enumerated() {
                for (window, summary) in part.enumerated() { result[route][window].add(summary) }
            }
        }
        return result
    }

    /// Resets the statistics of all routes.
    package func resetPerformance() async {
        let pending = self.shards.map { shard in
            shard.eventLoop.submit { for performance in shard.value.performances.values { performance.reset() } }
        }
        for future in pending { try? await future.get() }
    }
}

extension MeterShard {
    /// Empty for a route without traffic.
    fileprivate func performance(of routes: [String], at now: NIODeadline) -> [[DurationSummary]] {
        routes.map { route in
            guard let performance = self.performances[route] else { return [] }
            var summaries = PerformanceWindow.allCases.map { _ in DurationSummary() }
            performance.copy(to: &summaries, at: now)
            return summaries
        }
    }
}
