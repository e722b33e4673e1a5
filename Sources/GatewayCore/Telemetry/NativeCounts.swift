/// The native buckets of several histograms, in one array, so that copying many allocates once.
struct NativeCounts: Sendable {
    /// Adjacent buckets of one histogram.
    struct Series: Sendable {
        /// The index of the first bucket.
        var first = 0
        /// The places of the counts.
        var counts = 0..<0
    }

    private(set) var series: [Series] = []
    private(set) var counts: [UInt64] = []

    mutating func append(_ histogram: Histogram) {
        let start = self.counts.count
        let first = histogram.copyNative(to: &self.counts)
        self.series.append(Series(first: first, counts: start..<self.counts.count))
    }

    /// Appends the sum of several histograms.
    mutating func append(sumOf parts: [(counts: NativeCounts, series: Int)]) {
        let start = self.counts.count
        var range = 0..<0
        for part in parts {
            let series = part.counts.series[part.series]
            if series.counts.isEmpty { continue }
            let indices = series.first..<series.first + series.counts.count
            range =
                range.isEmpty
                ? indices : min(range.lowerBound, indices.lowerBound)..<max(range.upperBound, indices.upperBound)
        }
        self.counts.append(contentsOf: repeatElement(0, count: range.count))
        for part in parts {
            let series = part.counts.series[part.series]
            let offset = start + series.first - range.lowerBound
            for (step, place) in series.counts.enumerated() { self.counts[offset + step] += part.counts.counts[place] }
        }
        self.series.append(Series(first: range.lowerBound, counts: start..<self.counts.count))
    }

    /// The buckets of a series that are not empty, ascending, in the finest schema that has at most
    /// `NativeBuckets.limit` of them.
    func buckets(of series: Int) -> (schema: Int32, buckets: [(index: Int, count: UInt64)]) {
        let series = self.series[series]
        var schema = NativeBuckets.schema
        var buckets: [(index: Int, count: UInt64)] = []
        for (step, place) in series.counts.enumerated() where self.counts[place] > 0 {
            buckets.append((series.first + step, self.counts[place]))
        }
        while buckets.count > NativeBuckets.limit {
            schema -= 1
            var coarser: [(index: Int, count: UInt64)] = []
            for bucket in buckets {
                // A bucket of the next schema covers two, of which the second has an even index.
                let index = (bucket.index + 1) >> 1
                if coarser.last?.index == index {
                    coarser[coarser.count - 1].count += bucket.count
                } else {
                    coarser.append((index, bucket.count))
                }
            }
            buckets = coarser
        }
        return (schema, buckets)
    }
}
