/// One shard's series of a metric. A class, so that a new series does not copy the others.
final class ShardMetric {
    enum Meter {
        case counter(Counter)
        case gauge(Gauge)
        case histogram(Histogram)
    }

    let description: MetricDescription
    /// In the order of their creation. Arrays, so that a reading can keep them without copying.
    private(set) var labels: [[String]] = []
    private(set) var meters: [Meter] = []
    private var places: [[String]: Int] = [:]

    init(_ description: MetricDescription) {
        self.description = description
    }

    func meter(_ labels: [String]) -> Meter? { self.places[labels].map { self.meters[$0] } }

    func add(_ meter: Meter, _ labels: [String]) {
        self.places[labels] = self.meters.count
        self.labels.append(labels)
        self.meters.append(meter)
    }

    func remove(where matches: ([String]) -> Bool) -> [[String]] {
        let removed = self.labels.filter(matches)
        if removed.isEmpty { return [] }
        let kept = zip(self.labels, self.meters).filter { !matches($0.0) }
        self.labels = kept.map(\.0)
        self.meters = kept.map(\.1)
        self.places = Dictionary(uniqueKeysWithValues: self.labels.enumerated().map { ($1, $0) })
        return removed
    }
}
