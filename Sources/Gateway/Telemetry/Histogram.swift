/// Durations counted in buckets. It belongs to one event loop; the loops' counts are added when they are read.
public final class Histogram {
    private let bounds: [UInt64]
    /// One count for each bound and one for what lies above them all. Not an array: an observation then needs neither a
    /// check that the storage is unshared nor one that the access is exclusive.
    private let counts: UnsafeMutableBufferPointer<UInt64>
    /// A floating-point number, since ten thousand open connections fill 64 bits of nanoseconds in three weeks.
    private var sum: Double = 0

    init(_ buckets: HistogramBuckets) {
        bounds = buckets.nanoseconds
        counts = .allocate(capacity: bounds.count + 1)
        counts.initialize(repeating: 0)
    }

    deinit {
        counts.deallocate()
    }

    /// Counts one duration.
    public func observe(nanoseconds: UInt64) {
        // Most durations end in one of the first buckets, so a search from below beats a binary one.
        var index = 0
        while index < bounds.count, nanoseconds > bounds[index] { index += 1 }
        counts[index] &+= 1
        sum += Double(nanoseconds)
    }

    /// Counts one duration; what is negative or not a number counts as none, what is beyond 292 years as that.
    public func observe(seconds: Double) {
        let nanoseconds = seconds * 1e9
        observe(nanoseconds: nanoseconds > 0 ? UInt64(min(nanoseconds, 9.2e18)) : 0)
    }

    /// Appends the count of each bucket, the topmost last, and then the sum in seconds.
    func copy(to values: inout [Double]) {
        for count in counts { values.append(Double(count)) }
        values.append(sum / 1e9)
    }
}

@available(*, unavailable)
extension Histogram: Sendable {}
