import GatewayCore

/// The metrics at one time.
struct MetricReading {
    private let families: [String: MetricFamily]

    init(_ families: [MetricFamily]) {
        self.families = Dictionary(families.map { ($0.description.name, $0) }) { first, _ in first }
    }

    /// The series of a metric in the order of their labels.
    func series(of name: String) -> [Series] {
        guard let family = self.families[name] else { return [] }
        return family.labels.enumerated().map { Series(labels: $1, values: Array(family.values(at: $0))) }
    }

    /// The sum of all series of a metric; nil if there are none.
    func sum(of name: String) -> Double? {
        let values = self.series(of: name).compactMap(\.values.first)
        return values.isEmpty ? nil : values.reduce(0, +)
    }

    /// The upper bounds of the buckets of a histogram, in seconds.
    func bounds(of name: String) -> [Double] { self.families[name]?.bounds ?? [] }

    struct Series {
        let labels: [String]
        /// One number; of a histogram, the counts of its buckets and the sum.
        var values: [Double]
    }

    /// What was added to the series of a counter or histogram since an earlier reading.
    func increase(of name: String, since earlier: MetricReading) -> [Series] {
        var old = earlier.series(of: name)[...]
        // Both are sorted.
        return self.series(of: name).map { series in
            while let first = old.first, first.labels.lexicographicallyPrecedes(series.labels) { old.removeFirst() }
            guard let first = old.first, first.labels == series.labels, first.values.count == series.values.count else {
                return series
            }
            return Series(labels: series.labels, values: zip(series.values, first.values).map { max(0, $0 - $1) })
        }
    }
}

/// How many durations fell into each bucket of a histogram.
struct BucketCounts {
    private var counts: [Double] = []

    mutating func add(_ other: BucketCounts) { self.add(other.counts + [0]) }

    /// - Parameter values: The counts of all buckets, the unbounded one last, and the sum.
    mutating func add(_ values: [Double]) {
        if self.counts.isEmpty { self.counts = [Double](repeating: 0, count: max(0, values.count - 1)) }
        for (index, count) in values.dropLast().enumerated() where index < self.counts.count {
            self.counts[index] += count
        }
    }

    /// The duration that a share of all durations does not exceed, in seconds, as Prometheus estimates it: linear within
    /// a bucket. Nil if nothing was counted.
    func quantile(_ share: Double, bounds: [Double]) -> Double? {
        let total = self.counts.reduce(0, +)
        guard total > 0 else { return nil }
        let rank = share * total
        var passed = 0.0
        for (index, count) in self.counts.enumerated() {
            guard count > 0, passed + count >= rank else {
                passed += count
                continue
            }
            guard index < bounds.count else { break }
            let lower = index == 0 ? 0 : bounds[index - 1]
            return lower + (bounds[index] - lower) * (rank - passed) / count
        }
        return bounds.last
    }
}
