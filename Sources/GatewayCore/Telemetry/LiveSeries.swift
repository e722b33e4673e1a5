/// The routes, targets and listeners of the running configuration. Others get no series, not even when a request that started
/// before a reload ends after it.
struct LiveSeries {
    /// nil before the first reload: every route is live.
    private var routes: Set<String>?
    private var targets: [String: Set<String>] = [:]
    /// nil if all are live.
    private var listeners: Set<String>?
    /// Label values that are not routes or targets of the configuration.
    private static let standing: Set<String> = [
        MetricLabel.other, MetricLabel.noRoute, MetricLabel.adminRoute, MetricLabel.reportsRoute,
    ]

    mutating func admit(route: String) { self.routes?.insert(route) }

    mutating func admit(upstream: String, target: String) {
        if self.routes != nil { self.targets[upstream, default: []].insert(target) }
    }

    mutating func admit(listener: String) { self.listeners?.insert(listener) }

    mutating func retain(routes: Set<String>, targets: [String: Set<String>], listeners: Set<String>?) {
        self.routes = routes
        self.targets = targets
        self.listeners = listeners
    }

    func includes(route: String) -> Bool {
        guard let routes = self.routes else { return true }
        return routes.contains(route) || Self.standing.contains(route)
    }

    /// Whether a series with these values of these labels may exist.
    func includes(_ values: [String], under labels: [String]) -> Bool {
        if self.routes == nil { return true }
        func value(_ label: String) -> String? { labels.firstIndex(of: label).map { values[$0] } }
        if let route = value("route"), !self.includes(route: route) { return false }
        if let listeners = self.listeners, let listener = value("listener"), !listeners.contains(listener) {
            return false
        }
        guard let upstream = value("upstream"), !Self.standing.contains(upstream) else { return true }
        guard let targets = self.targets[upstream] else { return false }
        return value("target").map { targets.contains($0) || Self.standing.contains($0) } ?? true
    }
}
