/// The merged counts of several sketches.
package struct DurationSummary: Sendable {
    package private(set) var count: UInt64 = 0
    package private(set) var errors: UInt64 = 0
    /// In nanoseconds, like the minimum and maximum.
    package private(set) var sum = 0.0
    package private(set) var minimum = UInt64.max
    package private(set) var maximum: UInt64 = 0
    /// By bucket, up to the highest that is not empty.
    private var counts: [UInt64] = []

    package init() {}

    package mutating func add(_ sketch: borrowing DurationSketch) {
        self.count += sketch.count
        self.errors += sketch.errors
        self.sum += sketch.sum
        self.minimum = min(self.minimum, sketch.minimum)
        self.maximum = max(self.maximum, sketch.maximum)
        // The highest bucket is known, so the array grows once.
        if sketch.count > 0 { self.reach(DurationSketch.bucket(of: sketch.maximum)) }
        sketch.forEachBucket { self.counts[$0] += $1 }
    }

    package mutating func add(_ other: DurationSummary) {
        self.count += other.count
        self.errors += other.errors
        self.sum += other.sum
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)
        self.reach(other.counts.count - 1)
        for (bucket, count) in other.counts.enumerated() where count > 0 { self.counts[bucket] += count }
    }

    /// In nanoseconds; nil if nothing was counted.
    package var mean: Double? { self.count > 0 ? self.sum / Double(self.count) : nil }

    /// The duration that a share of all durations does not exceed, in nanoseconds; nil if nothing was counted.
    package func quantile(_ share: Double) -> Double? {
        guard self.count > 0 else { return nil }
        let rank = max(1, (share * Double(self.count)).rounded(.up))
        var passed: UInt64 = 0
        for (bucket, count) in self.counts.enumerated() where count > 0 {
            passed += count
            guard Double(passed) >= rank else { continue }
            // If a bucket's durations all lie on one side of its middle, the extremes are more precise.
            return min(max(DurationSketch.middle(of: bucket), Double(self.minimum)), Double(self.maximum))
        }
        return Double(self.maximum)
    }

    private mutating func reach(_ bucket: Int) {
        let missing = bucket + 1 - self.counts.count
        if missing > 0 { self.counts.append(contentsOf: repeatElement(0, count: missing)) }
    }
}
