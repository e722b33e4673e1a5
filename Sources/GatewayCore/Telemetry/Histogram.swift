package import NIOCore

/// Durations counted in buckets. Each event loop has its own; readers see the sum.
public final class Histogram {
    private let bounds: [UInt64]
    /// One count per bound and one for values above all bounds. Not an array, so that an observation checks neither
    /// uniqueness nor exclusive access.
    private let counts: UnsafeMutableBufferPointer<UInt64>
    /// A floating-point number, because ten thousand open connections would overflow 64 bits of nanoseconds in three
    /// weeks.
    private var sum: Double = 0
    /// The latest exemplar of each bucket; allocated with the first.
    private var exemplars: UnsafeMutableBufferPointer<Exemplar?>?

    package init(_ buckets: HistogramBuckets) {
        bounds = buckets.nanoseconds
        counts = .allocate(capacity: bounds.count + 1)
        counts.initialize(repeating: 0)
    }

    deinit {
        counts.deallocate()
        exemplars?.deallocate()
    }

    /// Counts a duration.
    public func observe(nanoseconds: UInt64) {
        _ = count(nanoseconds)
    }

    /// Counts a duration, and stores its trace as the bucket's exemplar.
    package func observe(nanoseconds: UInt64, trace: TraceDigits?, at now: NIODeadline) {
        let bucket = count(nanoseconds)
        guard let trace else { return }
        let exemplar = Exemplar(trace: trace, nanoseconds: nanoseconds, time: now)
        if exemplars == nil {
            exemplars = .allocate(capacity: counts.count)
            exemplars?.initialize(repeating: nil)
        }
        exemplars?[bucket] = exemplar
    }

    private func count(_ nanoseconds: UInt64) -> Int {
        // Most durations belong in one of the first buckets, so a linear search beats a binary one.
        var index = 0
        while index < bounds.count, nanoseconds > bounds[index] { index += 1 }
        counts[index] &+= 1
        sum += Double(nanoseconds)
        return index
    }

    /// Counts one duration. Negative values and NaN count as zero; values above 292 years are clamped.
    public func observe(seconds: Double) {
        let nanoseconds = seconds * 1e9
        observe(nanoseconds: nanoseconds > 0 ? UInt64(min(nanoseconds, 9.2e18)) : 0)
    }

    /// Appends the count of each bucket, the unbounded one last, and then the sum in seconds.
    package func copy(to values: inout [Double]) {
        for count in counts { values.append(Double(count)) }
        values.append(sum / 1e9)
    }

    /// Calls `body` with each bucket that has an exemplar, in ascending order.
    func forEachExemplar(_ body: (_ bucket: Int, _ exemplar: Exemplar) -> Void) {
        guard let exemplars else { return }
        for (bucket, exemplar) in exemplars.enumerated() {
            if let exemplar { body(bucket, exemplar) }
        }
    }
}

@available(*, unavailable)
extension Histogram: Sendable {}

/// The upper bounds of a histogram's buckets, in ascending order. An unbounded bucket follows the last.
public struct HistogramBuckets: Sendable, Hashable {
    /// The upper bounds in seconds.
    public let seconds: [Double]
    /// The upper bounds in nanoseconds.
    package let nanoseconds: [UInt64]

    /// Creates buckets from bounds in seconds. Bounds that are not finite and positive are dropped; the others are
    /// sorted and made unique.
    public init(seconds bounds: [Double]) {
        // A bound of more than 100 years would overflow, and is no more useful than the unbounded bucket.
        let usable = bounds.filter { $0.isFinite && $0 > 0 && $0 < 3_155_760_000 }
        seconds = Set(usable).sorted()
        nanoseconds = seconds.map { UInt64(($0 * 1e9).rounded()) }
    }

    /// From 1 ms to 60 s.
    public static let standard = HistogramBuckets(seconds: [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60,
    ])
}
