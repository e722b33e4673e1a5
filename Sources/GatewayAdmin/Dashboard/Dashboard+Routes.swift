import GatewayCore
import GatewaySettings

extension Dashboard {
    /// The gateway as a whole.
    var totals: JSONValue {
        var json = self.figures(of: self.all)
        json["in_flight"] = .whole(self.gauges.sum(RouteMeters.requestsInFlight))
        json["cpu_cores"] = .figure(self.change.processorCores)
        json["memory_bytes"] = self.status.dashboard.memory.map { JSONValue.integer($0) } ?? JSONValue.null
        json["connections"] = .whole(self.gauges.sum(ListenerPlan.connections))
        json["limited_rate"] = .figure(self.limited / self.change.seconds)
        json["cache_hit_ratio"] = self.hitRatio(of: nil)
        return .sorted(json)
    }

    /// The entry of a route, with what its row shows.
    func json(_ route: Route) -> JSONValue {
        var json = self.figures(of: route.traffic)
        json["name"] = .string(route.name)
        json["path"] = route.configuration.map { JSONValue.string($0.path) } ?? JSONValue.null
        json["methods"] = .array((route.configuration?.methods ?? []).map { .string($0) })
        json["hosts"] = .array((route.configuration?.hosts ?? []).map { .string($0) })
        json["upstream"] = route.configuration?.upstream.map { JSONValue($0.settingValue) } ?? JSONValue.null
        json["policies"] = .array((route.configuration?.policies ?? []).map { .string($0) })
        json["line"] = route.configuration?.source.position.map { JSONValue.integer($0.line) } ?? JSONValue.null
        json["in_flight"] = .whole(self.gauges.sum(RouteMeters.requestsInFlight, where: [route.name]))
        json["limited_rate"] = .figure((self.limitedByRoute[route.name] ?? 0) / self.change.seconds)
        json["cache_hit_ratio"] = self.hitRatio(of: route.name)
        return .sorted(json)
    }

    /// The figures that totals and routes have: rate, errors, durations.
    private func figures(of traffic: MeasuredTraffic) -> [String: JSONValue] {
        let statuses = traffic.recent.statuses
        let total = Double(statuses.total)
        var json: [String: JSONValue] = [
            "requests": .integer(Int(clamping: traffic.counted.total)),
            "rate": .figure(total / self.covered),
            "error_ratio": .ratio(Double(statuses[5]), of: total),
            "codes": .object(
                StatusCounts.classes.map { .init(name: "\($0)xx", value: .integer(Int(clamping: statuses[$0]))) }
            ),
        ]
        for (name, share) in [("p50_ms", 0.5), ("p95_ms", 0.95), ("p99_ms", 0.99)] {
            json[name] = .figure(traffic.recent.durations.quantile(share).map { $0 / 1_000_000 })
        }
        return json
    }
}
