import GatewayCore
import GatewaySettings
import NIOCore

/// `/metrics/performance`: how long requests took and how many failed, over the last minutes.
struct PerformanceEndpoint: AdminEndpoint {
    /// How many routes an event loop adds up without a break.
    private static let batch = 64
    /// Routes of the gateway itself that have statistics.
    static let reservedRoutes = [MetricLabel.noRoute, MetricLabel.adminRoute]

    let path = "/metrics/performance"
    let summary = "Rates and latencies of all routes over the last 1, 5 and 15 minutes."
    let operation = APIOperation(
        "getPerformance",
        .metrics,
        query: .page(of: .measuredRoutes),
        answers: [.json(PerformanceJSON.list)]
    )

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        .admin(try await Self.json(call.status, at: call.now, call.query))
    }

    /// A page of the routes, in the configuration's order, and the totals of all routes.
    ///
    /// - Throws: 422 for a page that does not exist.
    static func json(
        _ status: GatewayStatus,
        at now: NIODeadline,
        _ query: AdminQuery
    ) async throws(AdminRefusal) -> JSONValue {
        let start = status.statistics
        let measured = await status.registry.measuredRoutes()
        let reserved = Self.reservedRoutes.filter(measured.contains)
        let names = status.configuration.routes.map(\.name) + reserved
        let page = try query.page(of: names)
        var all = PerformanceWindow.allCases.map { _ in DurationSummary() }
        var routes: [JSONValue] = []
        for first in stride(from: 0, to: names.count, by: self.batch) {
            let batch = Array(names[first..<min(first + self.batch, names.count)])
            let summaries = await status.registry.performance(of: batch, at: now)
            for (index, (name, windows)) in zip(first..., zip(batch, summaries)) {
                for (window, summary) in windows.enumerated() { all[window].add(summary) }
                guard page.contains(index) else { continue }
                var entry = PerformanceJSON.windows(windows, start, now)
                entry["name"] = .string(name)
                routes.append(.sorted(entry))
            }
        }
        return [
            "all": .sorted(PerformanceJSON.windows(all, start, now)), "routes": .array(routes),
            "since": .string(start.time), "total": .integer(names.count),
        ]
    }
}

/// `/metrics/performance/{route}`: the same for one route.
struct RoutePerformanceEndpoint: AdminEndpoint {
    let path = "/metrics/performance/{route}"
    let summary = "Rates and latencies of one route."
    let operation = APIOperation(
        "getRoutePerformance",
        .metrics,
        path: [.path("route", "The name of a route.", "users")],
        answers: [.json(PerformanceJSON.route)]
    )

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        guard let json = await Self.json(call.status, route: call.parameters.first ?? "", at: call.now) else {
            throw .notFound("There is no route of this name. GET /routes lists them all.")
        }
        return .admin(json)
    }

    /// nil if there is no route of this name.
    private static func json(_ status: GatewayStatus, route: String, at now: NIODeadline) async -> JSONValue? {
        let isKnown =
            status.configuration.routes.contains { $0.name == route }
            || PerformanceEndpoint.reservedRoutes.contains(route)
        guard isKnown else { return nil }
        let start = status.statistics
        guard let windows = await status.registry.performance(of: [route], at: now).first else { return nil }
        var entries = PerformanceJSON.windows(windows, start, now)
        entries["since"] = .string(start.time)
        entries["name"] = .string(route)
        return .sorted(entries)
    }
}

/// What both endpoints print.
private enum PerformanceJSON {
    private static let window = APISchema.object(
        [
            "covered_seconds": .number("The part of the window since the statistics began.", 60, from: 0),
            "count": .integer("The requests.", 1204),
            "errors": .integer("Those that were answered with 5xx.", 3),
            "rate": .number("The requests per second.", 20.067, from: 0),
        ],
        optional: [
            "min_ms": .milliseconds("The shortest request.", 0.4), "avg_ms": .milliseconds("The mean.", 3.2),
            "max_ms": .milliseconds("The longest request.", 81), "p50_ms": .milliseconds("The median.", 2.1),
            "p90_ms": .milliseconds("", 6.3), "p95_ms": .milliseconds("", 9.7), "p99_ms": .milliseconds("", 31),
        ]
    ).named("Performance")
    private static let windowMembers: APISchema.Members = [
        "1m": Self.window, "5m": Self.window, "15m": Self.window,
    ]

    static let route = APISchema.object(
        ["name": .text("The route.", "users")] + Self.windowMembers + ["since": .statisticsStart]
    )
    static let list = APISchema.object([
        "all": .object(Self.windowMembers, "The sums of all routes."),
        "routes": .list(of: .object(["name": .text("The route.", "users")] + Self.windowMembers)),
        "since": .statisticsStart,
        "total": .integer("The size of the complete list.", 1),
    ])

    private static let quantiles = [("p50_ms", 0.5), ("p90_ms", 0.9), ("p95_ms", 0.95), ("p99_ms", 0.99)]

    /// By the windows' names.
    static func windows(_ summaries: [DurationSummary], _ start: StatisticsStart, _ now: NIODeadline)
        -> [String: JSONValue]
    {
        zip(PerformanceWindow.allCases, summaries).reduce(into: [:]) { entries, part in
            let covered = part.0.covered(at: now, since: start.instant)
            entries[part.0.name] = self.json(part.1, over: Double(covered.nanoseconds) / 1e9)
        }
    }

    private static func json(_ summary: DurationSummary, over seconds: Double) -> JSONValue {
        let count = Double(summary.count)
        var entries: [String: JSONValue] = [
            "covered_seconds": .number(self.rounded(seconds)),
            "count": .integer(Int(clamping: summary.count)),
            "errors": .integer(Int(clamping: summary.errors)),
            // Less than a second is too short to extrapolate a rate from.
            "rate": .number(self.rounded(count / max(1, seconds))),
        ]
        guard let mean = summary.mean else { return .sorted(entries) }
        entries["min_ms"] = self.milliseconds(Double(summary.minimum))
        entries["avg_ms"] = self.milliseconds(mean)
        entries["max_ms"] = self.milliseconds(Double(summary.maximum))
        for (name, share) in self.quantiles { entries[name] = summary.quantile(share).map(self.milliseconds) }
        return .sorted(entries)
    }

    private static func milliseconds(_ nanoseconds: Double) -> JSONValue {
        .number(self.rounded(nanoseconds / 1_000_000))
    }

    private static func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}
