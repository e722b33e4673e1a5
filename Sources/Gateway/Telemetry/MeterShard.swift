/// The meters of one event loop. Meters are looked up when a plan is built or at a series' first use, and kept by whoever counts.
final class MeterShard {
    private let budget: SeriesBudget
    private let buckets: HistogramBuckets
    private var metrics: [String: ShardMetric] = [:]
    private var samplers: [SamplerID: () -> Void] = [:]
    private var nextSampler = 0
    private var live = LiveSeries()
    /// By route; those without traffic have none.
    private(set) var performances: [String: RoutePerformance] = [:]

    /// Names a sampler, so that it can be removed.
    struct SamplerID: Hashable {
        fileprivate let number: Int
    }

    init(budget: SeriesBudget, buckets: HistogramBuckets) {
        self.budget = budget
        self.buckets = buckets
    }

    /// The counter with these label values, made at 0 when there is none.
    func counter(_ description: MetricDescription, _ labels: [String] = []) -> Counter {
        let found = meter(description, labels) { .counter(Counter()) }
        guard case .counter(let counter) = found else { return Counter() }
        return counter
    }

    /// The gauge with these label values, made at 0 when there is none.
    func gauge(_ description: MetricDescription, _ labels: [String] = []) -> Gauge {
        let found = meter(description, labels) { .gauge(Gauge()) }
        guard case .gauge(let gauge) = found else { return Gauge() }
        return gauge
    }

    /// The histogram with these label values, made empty when there is none.
    func histogram(_ description: MetricDescription, _ labels: [String] = []) -> Histogram {
        let found = meter(description, labels) { [buckets] in .histogram(Histogram(buckets)) }
        guard case .histogram(let histogram) = found else { return Histogram(buckets) }
        return histogram
    }

    /// Whether meters of this description agree with those of the same name.
    func takes(_ description: MetricDescription) -> Bool {
        guard let known = metrics[description.name]?.description else { return true }
        return known.kind == description.kind && known.labels == description.labels
    }

    /// Runs `body` on this shard's loop before each reading: it sets the gauges whose values live elsewhere.
    @discardableResult
    func addSampler(_ body: @escaping () -> Void) -> SamplerID {
        let id = SamplerID(number: nextSampler)
        nextSampler += 1
        samplers[id] = body
        return id
    }

    func removeSampler(_ id: SamplerID) {
        samplers[id] = nil
    }

    /// The statistics of the route's last minutes, made empty when there are none. Those of a route that is gone are not
    /// kept.
    func performance(of route: String) -> RoutePerformance {
        if let performance = performances[route] { return performance }
        let performance = RoutePerformance()
        if live.includes(route: route) { performances[route] = performance }
        return performance
    }

    // MARK: What there is

    /// Series of this route may be made, even if it was gone.
    func admit(route: String) { live.admit(route: route) }

    /// Series of this target may be made, even if it was gone.
    func admit(upstream: String, target: String) { live.admit(upstream: upstream, target: target) }

    /// Drops the series of all other routes, upstreams and targets, for good: what still ends there counts in vain. To be
    /// called when a new configuration runs.
    ///
    /// - Parameters:
    ///   - routes: their names; `_none` and `_admin` stay anyway.
    ///   - targets: labels, by upstream.
    func retain(routes: Set<String>, targets: [String: Set<String>]) {
        live.retain(routes: routes, targets: targets)
        for name in metrics.keys {
            guard let labels = metrics[name]?.description.labels else { continue }
            let removed = metrics[name]?.remove { !live.includes($0, under: labels) } ?? []
            for labels in removed { budget.release(labels, of: name) }
        }
        for route in performances.keys where !live.includes(route: route) { performances[route] = nil }
    }

    /// Copies all values, after the samplers have run.
    func copy() -> [MetricFamily] {
        for sample in samplers.values { sample() }
        return metrics.values.map { $0.copy(bounds: buckets.seconds) }
    }

    /// A description whose kind or labels contradict the first of its name gets a meter that nobody reads: a page with
    /// two kinds under one name would be refused as a whole.
    private func meter(_ description: MetricDescription, _ labels: [String], make: () -> ShardMetric.Meter)
        -> ShardMetric.Meter
    {
        let metric = metrics[description.name] ?? ShardMetric(description)
        guard metric.description.kind == description.kind, metric.description.labels.count == labels.count else {
            assertionFailure("\(description.name) was declared with another kind or other labels")
            return make()
        }
        if let meter = metric.series[labels] { return meter }
        guard live.includes(labels, under: metric.description.labels) else { return make() }
        var accepted = labels
        if !labels.isEmpty, !budget.admits(labels, of: description.name) {
            accepted = labels.map { _ in MetricLabel.other }
            if let meter = metric.series[accepted] { return meter }
        }
        let meter = make()
        metrics[description.name, default: metric].series[accepted] = meter
        return meter
    }
}

@available(*, unavailable)
extension MeterShard: Sendable {}

/// The series that one shard has of one metric.
private struct ShardMetric {
    enum Meter {
        case counter(Counter)
        case gauge(Gauge)
        case histogram(Histogram)
    }

    let description: MetricDescription
    var series: [[String]: Meter] = [:]

    init(_ description: MetricDescription) {
        self.description = description
    }

    mutating func remove(where matches: ([String]) -> Bool) -> [[String]] {
        let removed = series.keys.filter(matches)
        for labels in removed { series[labels] = nil }
        return removed
    }

    func copy(bounds: [Double]) -> MetricFamily {
        var family = MetricFamily(description, bounds: bounds)
        family.reserve(series.count)
        for (labels, meter) in series {
            switch meter {
            case .counter(let counter): family.append(labels, counter.value)
            case .gauge(let gauge): family.append(labels, gauge.value)
            case .histogram(let histogram): family.append(labels, histogram)
            }
        }
        return family
    }
}
