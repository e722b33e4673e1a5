import GatewayCore
import GatewaySettings

extension Dashboard {
    /// How many consumers are listed.
    private static let mostConsumers = 20

    /// Who is limited most. Keys of limits are not listed, because they may be addresses or secrets.
    var limits: JSONValue {
        [
            "keys": .whole(self.gauges.sum(named: DashboardMetric.limitKeys)),
            "routes": .array(self.limitedRoutes),
            "consumers": .array(self.limitedConsumers),
        ]
    }

    /// The requests over a limit in the last ten seconds.
    var limited: Double { self.limitedByRoute.values.reduce(0, +) }

    /// The requests over a limit in the last ten seconds by route.
    var limitedByRoute: [String: Double] {
        self.change.series(of: DashboardMetric.limitDecisions).reduce(into: [:]) { limited, series in
            if series.labels[1] == "limited" { limited[series.labels[0], default: 0] += series.added[0] }
        }
    }

    private struct Decisions {
        /// By decision.
        var added: [String: Double] = [:]
        /// All requests over a limit so far.
        var limited = 0.0
    }

    /// The routes with a limit, the most limited first.
    private var limitedRoutes: [JSONValue] {
        var routes: [String: Decisions] = [:]
        for series in self.change.series(of: DashboardMetric.limitDecisions) {
            routes[series.labels[0], default: Decisions()].added[series.labels[1], default: 0] += series.added[0]
            if series.labels[1] == "limited" {
                routes[series.labels[0], default: Decisions()].limited += series.values.first ?? 0
            }
        }
        let policies = Dictionary(self.configuration.routes.map { ($0.name, $0.policies) }) { first, _ in first }
        let sorted = routes.sorted {
            let (left, right) = ($0.value, $1.value)
            return (left.added["limited"] ?? 0, left.limited, $1.key)
                > (right.added["limited"] ?? 0, right.limited, $0.key)
        }
        return sorted.prefix(Self.mostEntries).map { name, decisions in
            func rate(_ decision: String) -> JSONValue {
                .figure((decisions.added[decision] ?? 0) / self.change.seconds)
            }
            return [
                "route": .string(name),
                "policies": .array((policies[name] ?? []).map { .string($0) }),
                "allowed_rate": rate("allowed"),
                "limited_rate": rate("limited"),
                "shadow_limited_rate": rate("shadow_limited"),
                "limited": .whole(decisions.limited),
            ]
        }
    }

    /// The consumers that had requests over a limit, the most limited first.
    private var limitedConsumers: [JSONValue] {
        let sorted = self.change.limited.sorted {
            ($0.added, $0.total, $1.consumer) > ($1.added, $1.total, $0.consumer)
        }
        return sorted.prefix(Self.mostConsumers).map { name, added, total in
            let consumer = self.status.shared.consumers.known(name)
            return [
                "consumer": .string(name),
                "plan": consumer.map { .string($0.current.plan ?? Caller.usualPlan) } ?? .null,
                "limited_rate": .figure(Double(added) / self.change.seconds),
                "limited": .integer(Int(clamping: total)),
                "requests": .integer(Int(clamping: consumer?.requests ?? 0)),
            ]
        }
    }
}
