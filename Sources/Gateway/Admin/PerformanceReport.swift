import NIOCore

/// `/metrics/performance`: how long requests took and how many failed, over the last minutes.
enum PerformanceReport {
    /// Routes that an event loop adds up in one turn.
    private static let batch = 64
    private static let quantiles = [("p50_ms", 0.5), ("p90_ms", 0.9), ("p95_ms", 0.95), ("p99_ms", 0.99)]

    /// A page of the routes, in the configuration's order, and all routes as one.
    ///
    /// - Throws: 422 for a part of the list that does not exist.
    static func json(
        _ status: GatewayStatus,
        at now: NIODeadline,
        _ query: AdminQuery
    ) async throws(AdminRefusal) -> SettingValue {
        let start = status.statistics
        let measured = await status.registry.measuredRoutes()
        let standing = [Metrics.noRoute, Metrics.adminRoute].filter(measured.contains)
        let names = status.configuration.routes.map(\.name) + standing
        let page = try query.page(of: names)
        var all = PerformanceWindow.allCases.map { _ in DurationSummary() }
        var routes: [SettingValue] = []
        for first in stride(from: 0, to: names.count, by: self.batch) {
            let some = Array(names[first..<min(first + self.batch, names.count)])
            let summaries = await status.registry.performance(of: some, at: now)
            for (place, (name, windows)) in zip(first..., zip(some, summaries)) {
                for (window, summary) in windows.enumerated() { all[window].add(summary) }
                guard page.contains(place) else { continue }
                routes.append(.table(self.windows(windows, start, now).merging(["name": .string(name)]) { $1 }))
            }
        }
        return [
            "since": .string(start.time), "all": .table(self.windows(all, start, now)), "routes": .list(routes),
            "total": .integer(names.count),
        ]
    }

    /// One route; nil where there is none of this name.
    static func json(_ status: GatewayStatus, route: String, at now: NIODeadline) async -> SettingValue? {
        let isKnown =
            status.configuration.routes.contains { $0.name == route }
            || [Metrics.noRoute, Metrics.adminRoute].contains(route)
        guard isKnown else { return nil }
        let start = status.statistics
        guard let windows = await status.registry.performance(of: [route], at: now).first else { return nil }
        var entries = self.windows(windows, start, now)
        entries["since"] = .string(start.time)
        entries["name"] = .string(route)
        return .table(entries)
    }

    private static func windows(_ summaries: [DurationSummary], _ start: StatisticsStart, _ now: NIODeadline)
        -> [String: SettingValue]
    {
        zip(PerformanceWindow.allCases, summaries).reduce(into: [:]) { entries, part in
            let covered = part.0.covered(at: now, since: start.instant)
            entries[part.0.name] = self.json(part.1, over: Double(covered.nanoseconds) / 1e9)
        }
    }

    private static func json(_ summary: DurationSummary, over seconds: Double) -> SettingValue {
        let count = Double(summary.count)
        var entries: [String: SettingValue] = [
            "covered_seconds": .number(Self.rounded(seconds)),
            "count": .integer(Int(clamping: summary.count)),
            "errors": .integer(Int(clamping: summary.errors)),
            // What comes within the first second is no rate yet.
            "rate": .number(Self.rounded(count / max(1, seconds))),
        ]
        guard let mean = summary.mean else { return .table(entries) }
        entries["min_ms"] = Self.milliseconds(Double(summary.minimum))
        entries["avg_ms"] = Self.milliseconds(mean)
        entries["max_ms"] = Self.milliseconds(Double(summary.maximum))
        for (name, share) in self.quantiles { entries[name] = summary.quantile(share).map(Self.milliseconds) }
        return .table(entries)
    }

    private static func milliseconds(_ nanoseconds: Double) -> SettingValue {
        .number(self.rounded(nanoseconds / 1_000_000))
    }

    private static func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}
