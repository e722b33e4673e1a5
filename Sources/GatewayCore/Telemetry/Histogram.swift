package import NIOCore

/// Durations counted in buckets. Each event loop has its own; readers see the sum.
public final class Histogram {
    private let cells: HistogramCells
    // Those of `cells`.
    private let bounds: UnsafeMutableBufferPointer<UInt64>
    private let starts: UnsafeMutableBufferPointer<UInt16>
    /// The counts of the cells that were needed so far. Not an array, so that an observation checks neither uniqueness nor
    /// exclusive access.
    private var counts = UnsafeMutableBufferPointer<UInt64>(start: nil, count: 0)
    /// The first cell of `counts`.
    private var base = 0
    /// A floating-point number, because ten thousand open connections would overflow 64 bits of nanoseconds in three
    /// weeks.
    private var sum: Double = 0
    private let bucketCount: Int
    /// The latest exemplar of each bucket; allocated with the first.
    private var exemplars: UnsafeMutableBufferPointer<Exemplar?>?

    /// Memory grows by this many cells, an octave of the native buckets.
    private static let growth = 8

    package init(_ buckets: HistogramBuckets) {
        self.cells = buckets.cells
        self.bounds = buckets.cells.bounds
        self.starts = buckets.cells.starts
        self.bucketCount = buckets.seconds.count + 1
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
        let cell = count(nanoseconds)
        guard let trace else { return }
        let exemplar = Exemplar(trace: trace, nanoseconds: nanoseconds, time: now)
        if exemplars == nil {
            exemplars = .allocate(capacity: self.bucketCount)
            exemplars?.initialize(repeating: nil)
        }
        exemplars?[Int(self.cells.buckets[cell])] = exemplar
    }

    private func count(_ nanoseconds: UInt64) -> Int {
        var cell = Int(self.starts[DurationSketch.bucket(of: nanoseconds)])
        // One step as often as none, so without a branch that is hard to predict. Rarely more: up to a minute, the buckets of
        // the sketch are narrower than the native ones.
        cell &+= nanoseconds > self.bounds[cell] ? 1 : 0
        while nanoseconds > self.bounds[cell] { cell &+= 1 }
        if UInt(bitPattern: cell &- self.base) >= UInt(bitPattern: self.counts.count) { self.grow(to: cell) }
        self.counts[cell &- self.base] &+= 1
        self.sum += Double(nanoseconds)
        return cell
    }

    private func grow(to cell: Int) {
        let first = cell / Self.growth * Self.growth
        let isEmpty = self.counts.isEmpty
        let base = isEmpty ? first : min(self.base, first)
        let end = isEmpty ? first + Self.growth : max(self.base + self.counts.count, first + Self.growth)
        let grown = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: end - base)
        grown.initialize(repeating: 0)
        for (place, count) in self.counts.enumerated() { grown[self.base - base + place] = count }
        self.counts.deallocate()
        self.counts = grown
        self.base = base
    }

    /// Counts one duration. Negative values and NaN count as zero; values above 292 years are clamped.
    public func observe(seconds: Double) {
        let nanoseconds = seconds * 1e9
        observe(nanoseconds: nanoseconds > 0 ? UInt64(min(nanoseconds, 9.2e18)) : 0)
    }

    /// Appends the count of each bucket, the unbounded one last, and then the sum in seconds.
    package func copy(to values: inout [Double]) {
        let start = values.count
        values.append(contentsOf: repeatElement(0, count: self.bucketCount))
        for (place, count) in self.counts.enumerated() where count > 0 {
            values[start + Int(self.cells.buckets[self.base + place])] += Double(count)
        }
        values.append(self.sum / 1e9)
    }

    /// Appends the counts of the native buckets from the first to the last that has memory.
    ///
    /// - Returns: The index of the first.
    func copyNative(to counts: inout [UInt64]) -> Int {
        guard !self.counts.isEmpty else { return 0 }
        let first = Int(self.cells.natives[self.base])
        var last = first - 1
        // The cells at the end of the memory may be beyond the last one.
        for (place, count) in self.counts.enumerated() where self.base + place < self.cells.natives.count {
            let index = Int(self.cells.natives[self.base + place])
            if index > last {
                counts.append(count)
                last = index
            } else {
                counts[counts.count - 1] += count
            }
        }
        return first
    }

    /// The size of the counts' memory.
    var byteCount: Int { self.counts.count * MemoryLayout<UInt64>.stride }

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
