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
    /// The native buckets of each series; nil unless it is a histogram and they were asked for.
    private(set) var natives: NativeCounts?

    /// 1; for a histogram, one per bucket including the unbounded one, and one for the sum in seconds.
    package var stride: Int { description.kind == .histogram ? bounds.count + 2 : 1 }

    /// - Parameter natively: Whether histograms keep their native buckets.
    package init(_ description: MetricDescription, bounds: [Double] = [], natively: Bool = false) {
        self.description = description
        self.bounds = description.kind == .histogram ? bounds : []
        self.natives = natively && description.kind == .histogram ? NativeCounts() : nil
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
        natives?.append(histogram)
    }

    package func values(at series: Int) -> ArraySlice<Double> {
        values[series * stride..<(series + 1) * stride]
    }

    /// Merges the families that the shards have of one metric, and sorts the series by their labels.
    package static func merged(_ parts: [MetricFamily]) -> MetricFamily? {
        guard let first = parts.first else { return nil }
        let parts = parts.filter { $0.stride == first.stride }
        let rows = Rows(parts)
        var merged = MetricFamily(first.description, bounds: first.bounds)
        let isNative = parts.allSatisfy { $0.natives != nil }
        if isNative { merged.natives = NativeCounts() }
        merged.reserve(rows.labels.count)
        let order = rows.labels.indices.sorted { rows.labels[$0].lexicographicallyPrecedes(rows.labels[$1]) }
        for row in order {
            let start = merged.values.count
            merged.labels.append(rows.labels[row])
            merged.values.append(contentsOf: rows.values[row * first.stride..<(row + 1) * first.stride])
            for offset in 0..<first.stride where !rows.exemplars.isEmpty {
                guard let exemplar = rows.exemplars[row * first.stride + offset] else { continue }
                merged.exemplars.append((start + offset, exemplar))
            }
            guard isNative else { continue }
            merged.natives?.append(
                sumOf: rows.places[row].compactMap { place in parts[place.part].natives.map { ($0, place.series) } }
            )
        }
        return merged
    }

    /// The sums of several families by label set, in the order in which label sets were found.
    private struct Rows {
        var labels: [[String]] = []
        var values: [Double] = []
        /// The latest exemplars, by their index in `values`.
        var exemplars: [Int: Exemplar] = [:]
        /// Where the native buckets of each row are; empty for other metrics.
        var places: [[(part: Int, series: Int)]] = []

        init(_ parts: [MetricFamily]) {
            guard let first = parts.first else { return }
            let stride = first.stride
            var known: [[String]: Int] = [:]
            known.reserveCapacity(first.labels.count)
            for (number, part) in parts.enumerated() {
                var pending = part.exemplars[...]
                for (series, labels) in part.labels.enumerated() {
                    let row = known[labels] ?? self.labels.count
                    if row < self.labels.count {
                        for (offset, value) in part.values(at: series).enumerated() {
                            let sum = first.description.kind.merge(self.values[row * stride + offset], value)
                            self.values[row * stride + offset] = sum
                        }
                    } else {
                        known[labels] = row
                        self.labels.append(labels)
                        self.values.append(contentsOf: part.values(at: series))
                        if part.natives != nil { self.places.append([]) }
                    }
                    if part.natives != nil, row < self.places.count { self.places[row].append((number, series)) }
                    while let (place, exemplar) = pending.first, place < (series + 1) * stride {
                        pending.removeFirst()
                        let place = place + (row - series) * stride
                        if let other = self.exemplars[place], other.time > exemplar.time { continue }
                        self.exemplars[place] = exemplar
                    }
                }
            }
        }
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
