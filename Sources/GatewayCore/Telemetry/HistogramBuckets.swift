/// The upper bounds of a histogram's buckets, in ascending order. An unbounded bucket follows the last.
public struct HistogramBuckets: Sendable {
    /// The upper bounds in seconds.
    public let seconds: [Double]
    /// Where durations are counted.
    let cells: HistogramCells

    /// Creates buckets from bounds in seconds. Bounds that are not finite and positive are dropped; the others are
    /// sorted and made unique.
    public init(seconds bounds: [Double]) {
        // A bound of more than 100 years would overflow, and is no more useful than the unbounded bucket.
        let usable = bounds.filter { $0.isFinite && $0 > 0 && $0 < 3_155_760_000 }
        self.seconds = Set(usable).sorted()
        self.cells = HistogramCells(buckets: self.seconds.map { UInt64(($0 * 1e9).rounded()) })
    }

    /// From 1 ms to 60 s.
    public static let standard = HistogramBuckets(seconds: [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60,
    ])
}

extension HistogramBuckets: Hashable {
    public static func == (left: Self, right: Self) -> Bool { left.seconds == right.seconds }

    public func hash(into hasher: inout Hasher) { hasher.combine(self.seconds) }
}
