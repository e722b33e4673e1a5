/// The values of all series of one metric at one moment.
struct MetricFamily: Sendable {
    let description: MetricDescription
    /// The upper bounds of the buckets in seconds; empty for what is no histogram.
    let bounds: [Double]
    /// The values of the labels, one list for each series.
    private(set) var labels: [[String]] = []
    /// `stride` numbers for each series, all series in one array: to copy ten thousand series on an event loop takes one allocation.
    private(set) var values: [Double] = []

    /// One number, or for a histogram the count of each bucket, the count above them, and the sum in seconds.
    var stride: Int { description.kind == .histogram ? bounds.count + 2 : 1 }

    init(_ description: MetricDescription, bounds: [Double] = []) {
        self.description = description
        self.bounds = description.kind == .histogram ? bounds : []
    }

    mutating func reserve(_ series: Int) {
        labels.reserveCapacity(series)
        values.reserveCapacity(series * stride)
    }

    mutating func append(_ labels: [String], _ value: Double) {
        self.labels.append(labels)
        values.append(value)
    }

    mutating func append(_ labels: [String], _ histogram: Histogram) {
        self.labels.append(labels)
        histogram.copy(to: &values)
    }

    func values(at series: Int) -> ArraySlice<Double> {
        values[series * stride..<(series + 1) * stride]
    }

    /// Makes one family of the families that shards have of one metric, its series sorted by their labels.
    static func merged(_ parts: [MetricFamily]) -> MetricFamily? {
        guard let first = parts.first else { return nil }
        var merged = MetricFamily(first.description, bounds: first.bounds)
        var places: [[String]: Int] = [:]
        var sums: [Double] = []
        let stride = first.stride
        for part in parts where part.stride == stride {
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
            }
        }
        merged.reserve(places.count)
        for (labels, place) in places.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
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
