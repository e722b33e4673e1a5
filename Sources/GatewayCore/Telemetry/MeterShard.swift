/// The meters of one event loop. They are looked up when a plan is built or when a series is first used, and kept by
/// their users.
package final class MeterShard {
    private let budget: SeriesBudget
    private let buckets: HistogramBuckets
    private var metrics: [String: ShardMetric] = [:]
    private var samplers: [SamplerID: () -> Void] = [:]
    private var nextSampler = 0
    private var live = LiveSeries()
    /// By route. Routes without traffic have none.
    private(set) var performances: [String: RoutePerformance] = [:]

    /// Identifies a sampler, for its removal.
    package struct SamplerID: Hashable {
        fileprivate let number: Int
    }

    package init(budget: SeriesBudget, buckets: HistogramBuckets) {
        self.budget = budget
        self.buckets = buckets
    }

    /// The counter with these label values. A new one starts at 0.
    package func counter(_ description: MetricDescription, _ labels: [String] = []) -> Counter {
        let found = meter(description, labels) { .counter(Counter()) }
        guard case .counter(let counter) = found else { return Counter() }
        return counter
    }

    /// The gauge with these label values. A new one starts at 0.
    package func gauge(_ description: MetricDescription, _ labels: [String] = []) -> Gauge {
        let found = meter(description, labels) { .gauge(Gauge()) }
        guard case .gauge(let gauge) = found else { return Gauge() }
        return gauge
    }

    /// The histogram with these label values. A new one is empty.
    package func histogram(_ description: MetricDescription, _ labels: [String] = []) -> Histogram {
        let found = meter(description, labels) { [buckets] in .histogram(Histogram(buckets)) }
        guard case .histogram(let histogram) = found else { return Histogram(buckets) }
        return histogram
    }

    /// Whether meters with this description agree with existing ones of the same name.
    package func takes(_ description: MetricDescription) -> Bool {
        guard let known = metrics[description.name]?.description else { return true }
        return known.kind == description.kind && known.labels == description.labels
    }

    /// Runs `body` on this shard's event loop before each reading, to set gauges whose values are kept elsewhere.
    @discardableResult
    package func addSampler(_ body: @escaping () -> Void) -> SamplerID {
        let id = SamplerID(number: nextSampler)
        nextSampler += 1
        samplers[id] = body
        return id
    }

    func removeSampler(_ id: SamplerID) {
        samplers[id] = nil
    }

    /// The recent statistics of a route. A new one is empty; that of a removed route is not kept.
    package func performance(of route: String) -> RoutePerformance {
        if let performance = performances[route] { return performance }
        let performance = RoutePerformance()
        if live.includes(route: route) { performances[route] = performance }
        return performance
    }

    // MARK: What there is

    /// Allows series of this route, even if it was removed before.
    func admit(route: String) { live.admit(route: route) }

    /// Allows series of this target, even if it was removed before.
    func admit(upstream: String, target: String) { live.admit(upstream: upstream, target: target) }

    /// Allows series of this listener, even if it was removed before.
    func admit(listener: String) { live.admit(listener: listener) }

    /// Permanently drops the series of all other routes, upstreams and targets; what still ends there is not reported.
    /// Call it when a new configuration is running.
    ///
    /// - Parameters:
    ///   - routes: their names. `_none` and `_admin` always stay.
    ///   - targets: their labels, by upstream.
    package func retain(routes: Set<String>, targets: [String: Set<String>]) {
        retain(SeriesNames(routes: routes, targets: targets))
        for name in metricNames { sweep(name) }
    }

    /// Creates no further series with other names. Those that exist stay until ``sweep(_:)``.
    package func retain(_ names: SeriesNames) {
        live.retain(routes: names.routes, targets: names.targets, listeners: names.listeners)
        for route in performances.keys where !live.includes(route: route) { performances[route] = nil }
    }

    package var metricNames: [String] { Array(metrics.keys) }

    /// Drops the series of a metric whose names are not retained.
    package func sweep(_ name: String) {
        guard let labels = metrics[name]?.description.labels else { return }
        let removed = metrics[name]?.remove { !live.includes($0, under: labels) } ?? []
        for labels in removed { budget.release(labels, of: name) }
    }

    /// Begins to copy the values of the metrics whose name is wanted, after running the samplers.
    ///
    /// - Parameter natively: Whether native buckets are copied too.
    package func read(_ isWanted: (String) -> Bool = { _ in true }, natively: Bool = false) -> ShardReading {
        for sample in samplers.values { sample() }
        let wanted = metrics.values.filter { isWanted($0.description.name) }
        return ShardReading(wanted, bounds: buckets.seconds, natively: natively)
    }

    /// Copies the values of all metrics at once.
    package func copy() -> [MetricFamily] { read().copyAll() }

    /// Copies the values of these counters and histograms at once, without running the samplers.
    func counters(named names: Set<String>) -> [MetricFamily] {
        ShardReading(names.compactMap { metrics[$0] }, bounds: buckets.seconds, natively: false).copyAll()
    }

    /// The sum of all series of a gauge, without running the samplers.
    func sum(of gauge: MetricDescription) -> Double {
        (metrics[gauge.name]?.meters ?? []).reduce(0) { sum, meter in
            if case .gauge(let gauge) = meter { sum + gauge.value } else { sum }
        }
    }

    /// A description whose kind or labels differ from the first of its name gets a meter that is never read: Prometheus
    /// rejects pages with two kinds under one name.
    private func meter(_ description: MetricDescription, _ labels: [String], make: () -> ShardMetric.Meter)
        -> ShardMetric.Meter
    {
        let metric = metrics[description.name] ?? ShardMetric(description)
        guard metric.description.kind == description.kind, metric.description.labels.count == labels.count else {
            assertionFailure("\(description.name) was declared with another kind or other labels")
            return make()
        }
        if let meter = metric.meter(labels) { return meter }
        guard live.includes(labels, under: metric.description.labels) else { return make() }
        var accepted = labels
        if !labels.isEmpty, !budget.admits(labels, of: description.name) {
            accepted = labels.map { _ in MetricLabel.other }
            if let meter = metric.meter(accepted) { return meter }
        }
        let meter = make()
        metrics[description.name] = metric
        metric.add(meter, accepted)
        return meter
    }
}

@available(*, unavailable)
extension MeterShard: Sendable {}

/// The routes, targets and listeners that have series.
package struct SeriesNames: Sendable {
    package var routes: Set<String>
    /// By upstream.
    package var targets: [String: Set<String>]
    /// nil for all.
    package var listeners: Set<String>?

    package init(routes: Set<String>, targets: [String: Set<String>], listeners: Set<String>? = nil) {
        self.routes = routes
        self.targets = targets
        self.listeners = listeners
    }

    /// Whether these names include all others.
    package func include(_ others: SeriesNames) -> Bool {
        others.routes.isSubset(of: self.routes)
            && others.targets.allSatisfy { upstream, targets in
                self.targets[upstream].map(targets.isSubset) ?? false
            } && (others.listeners ?? []).isSubset(of: self.listeners ?? [])
    }
}
