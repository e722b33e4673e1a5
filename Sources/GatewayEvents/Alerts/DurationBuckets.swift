/// Percentiles of durations that were counted in buckets.
enum DurationBuckets {
    /// Returns the duration that a share of requests do not exceed, by linear interpolation within a bucket, as Prometheus'
    /// `histogram_quantile`. Durations above all bounds count as the last bound.
    ///
    /// - Parameters:
    ///   - share: From 0 to 1.
    ///   - counts: One per bound, and one for durations above all of them.
    static func quantile(_ share: Double, _ counts: some Collection<Double>, bounds: [Double]) -> Double {
        let total = counts.reduce(0, +)
        guard total > 0, let last = bounds.last else { return .nan }
        let rank = share * total
        var (below, lower) = (0.0, 0.0)
        for (count, upper) in zip(counts, bounds) {
            if below + count >= rank, count > 0 {
                return lower + (upper - lower) * max(0, (rank - below) / count)
            }
            below += count
            lower = upper
        }
        return last
    }
}
