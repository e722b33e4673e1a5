import NIOCore

/// Durations counted in buckets. Each event loop has its own; readers see the sum.
public final class Histogram {
    private let bounds: [UInt64]
    /// One count for each bound and one for what lies above them all. Not an array: an observation then needs neither a
    /// check that the storage is unshared nor one that the access is exclusive.
    private let counts: UnsafeMutableBufferPointer<UInt64>
    /// A floating-point number, since ten thousand open connections fill 64 bits of nanoseconds in three weeks.
    private var sum: Double = 0
    /// The latest of each bucket; made with the first.
    private var exemplars: UnsafeMutableBufferPointer<Exemplar?>?

    init(_ buckets: HistogramBuckets) {
        bounds = buckets.nanoseconds
        counts = .allocate(capacity: bounds.count + 1)
        counts.initialize(repeating: 0)
    }

    deinit {
        counts.deallocate()
        exemplars?.deallocate()
    }

    /// Counts one duration.
    public func observe(nanoseconds: UInt64) {
        _ = count(nanoseconds)
    }

    /// Counts one duration, and has its bucket remember whose it was.
    func observe(nanoseconds: UInt64, trace: TraceDigits?, at now: NIODeadline) {
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
        // Most durations end in one of the first buckets, so a search from below beats a binary one.
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

    /// Appends the count of each bucket, the topmost last, and then the sum in seconds.
    func copy(to values: inout [Double]) {
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
