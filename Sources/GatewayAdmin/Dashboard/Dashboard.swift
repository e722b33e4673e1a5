import GatewayCore
import GatewayEvents
import GatewayHTTP
import GatewaySettings
import NIOCore

/// What the dashboard shows at one time: figures of the last ten seconds.
struct Dashboard {
    /// The seconds before now that figures cover: nine that are over, and the one that is not.
    static let window: UInt64 = 10
    /// Only the busiest routes and targets are listed.
    static let mostEntries = 1000

    let status: GatewayStatus
    let configuration: GatewayConfiguration
    let now: NIODeadline
    /// How long the figures of traffic reach back, in seconds.
    let covered: Double
    /// What was counted since about ten seconds ago.
    let change: CounterChange
    let gauges: MetricValues
    let all: MeasuredTraffic
    let routes: [Route]
    let alerts: JSONValue
    let problems: [Problem]

    struct Route {
        let name: String
        /// Nil for a route of the gateway itself.
        let configuration: RouteConfiguration?
        var traffic = MeasuredTraffic()
    }

    /// The metrics whose present values are shown.
    private static let gaugeNames: Set<String> = [
        RouteMeters.requestsInFlight.name, TargetMeters.connections.name, TargetMeters.requestsAnswered.name,
        ListenerPlan.connections.name, DashboardMetric.limitKeys, DashboardMetric.cacheBytes,
        DashboardMetric.cacheObjects, DashboardMetric.cacheEvictions,
    ]

    /// How many routes an event loop adds up without a break.
    private static let batch = 64

    init(of status: GatewayStatus, at now: NIODeadline) async {
        self.status = status
        self.configuration = status.configuration
        self.now = now
        let second = MeterRegistry.second(at: now)
        let first = second - min(second, Self.window - 1)
        let begun = max(NIODeadline.uptimeNanoseconds(first * 1_000_000_000), status.shared.startedAt)
        self.covered = max(1, Double((now - min(now, begun)).nanoseconds) / 1e9)
        let seconds = first...second
        let measured = await status.registry.measuredRoutes()
        var routes = self.configuration.routes.map { Route(name: $0.name, configuration: $0) }
        routes += PerformanceEndpoint.reservedRoutes.filter(measured.contains).map {
            Route(name: $0, configuration: nil)
        }
        for first in stride(from: 0, to: routes.count, by: Self.batch) {
            let batch = first..<min(first + Self.batch, routes.count)
            let traffic = await status.registry.traffic(of: routes[batch].map(\.name), in: seconds)
            for (index, traffic) in zip(batch, traffic) { routes[index].traffic = traffic }
        }
        self.routes = routes
        self.all = await status.registry.traffic(in: seconds)
        self.change = await status.dashboard.change(of: status, at: now)
        self.gauges = MetricValues(await status.registry.snapshot(of: Self.gaugeNames))
        self.alerts = await status.events?.alerts.json()["alerts"] ?? []
        self.problems = await status.dashboard.problems(of: status)
    }

    var json: [String: JSONValue] {
        let listed = self.listedRoutes
        let now = Platform.unixMilliseconds()
        return [
            "time": .time(now),
            "version": .string(GatewayVersion.current),
            "state": .string(self.state),
            "uptime_seconds": .integer(self.status.uptime),
            "window_seconds": .integer(Int(Self.window)),
            "totals": self.totals,
            "routes": .array(listed.map(self.json)),
            "routes_total": .integer(self.routes.count),
            "upstreams": .array(self.upstreams),
            "limits": self.limits,
            "cache": self.cache,
            "alerts": self.alerts,
            "problems": .array(self.problems.map { $0.json(at: now) }),
        ]
    }

    private var state: String {
        if self.status.shared.isDraining { return "draining" }
        return self.status.shared.isOverloaded ? "overloaded" : "running"
    }

    /// All routes, or the busiest, in the order of the configuration.
    private var listedRoutes: [Route] {
        guard self.routes.count > Self.mostEntries else { return self.routes }
        let sorted = self.routes.indices.sorted {
            let (left, right) = (self.routes[$0].traffic, self.routes[$1].traffic)
            return (left.recent.statuses.total, left.counted.total, $1)
                > (right.recent.statuses.total, right.counted.total, $0)
        }
        return sorted.prefix(Self.mostEntries).sorted().map { self.routes[$0] }
    }
}
