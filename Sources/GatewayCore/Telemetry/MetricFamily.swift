/// The values of all series of one metric at one time.
package struct MetricFamily: Sendable {
    package let description: MetricDescription
    /// The upper bounds of the buckets in seconds; empty unless the metric is a histogram.
    package let bounds: [Double]
    /// The label values of each series.
    package private(set) var labels: [[String]] = []
    /// `stride` numbers per series, in one array, so that copying ten thousand series on an event loop takes one
    /// allocation.
    package private(set) var values: [Double] = []
    /// Exemplars of histogram buckets by their index in `values`, ascending.
    private(set) var exemplars: [(place: Int, exemplar: Exemplar)] = []

    /// 1; for a histogram, one per bucket including the unbounded one, and one for the sum in seconds.
    package var stride: Int { description.kind == .histogram ? bounds.count + 2 : 1 }

    package init(_ description: MetricDescription, bounds: [Double] = []) {
        self.description = description
        self.bounds = description.kind == .histogram ? bounds : []
    }

    package mutating func reserve(_ series: Int) {
        labels.reserveCapacity(series)
        values.reserveCapacity(series * stride)
    }

    package mutating func append(_ labels: [String], _ value: Double) {
        self.labels.append(labels)
        values.append(value)
    }

    package mutating func append(_ labels: [String], _ histogram: Histogram) {
        self.labels.append(labels)
        let start = values.count
        histogram.copy(to: &values)
        histogram.forEachExemplar { exemplars.append((start + $0, $1)) }
    }

    /// - Parameters:
    ///   - buckets: The count of each bucket, the unbounded one last.
    ///   - sum: In seconds.
    package mutating func append(_ labels: [String], buckets: [Double], sum: Double) {
        self.labels.append(labels)
        self.values += buckets + [sum]
    }

    package func values(at series: Int) -> ArraySlice<Double> {
        values[series * stride..<(series + 1) * stride]
    }

    /// Merges the families that the shards have of one metric, and sorts the series by their labels.
    package static func merged(_ parts: [MetricFamily]) -> MetricFamily? {
        guard let first = parts.first else { return nil }
        var merged = MetricFamily(first.description, bounds: first.bounds)
        var places: [[String]: Int] = [:]
        var sums: [Double] = []
        var latest: [Int: Exemplar] = [:]
        let stride = first.stride
        for part in parts where part.stride == stride {
            var pending = part.exemplars[...]
            for (series, labels) in part.labels.enumerated() {
                let values = part.values(at: series)
                if let place = places[labels] {
                    for (offset, value) in values.enumerated() {
                        let at = place * stride + offset
                        sums[at] = first.description.kind.merge(sums[at], value)
                    }
                } else {
                    places[labels] = places.count
                    sums.append(contentsOf: values)
                }
                guard let place = places[labels] else { continue }
                while let (offset, exemplar) = pending.first, offset < (series + 1) * stride {
                    pending.removeFirst()
                    let at = place * stride + offset - series * stride
                    if let other = latest[at], other.time > exemplar.time { continue }
                    latest[at] = exemplar
                }
            }
        }
        merged.reserve(places.count)
        for (labels, place) in places.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            for offset in 0..<stride where !latest.isEmpty {
                if let exemplar = latest[place * stride + offset] {
                    merged.exemplars.append((merged.values.count + offset, exemplar))
                }
            }
            merged.labels.append(labels)
            merged.values.append(contentsOf: sums[place * stride..<(place + 1) * stride])
        }
        return merged
    }
}

extension MetricDescription.Kind {
    fileprivate func merge(_ left: Double, _ right: Double) -> Double {
        switch self {
        case .counter, .histogram, .gauge(.sum): left + right
        case .gauge(.minimum): min(left, right)
        case .gauge(.maximum): max(left, right)
        }
    }
}
