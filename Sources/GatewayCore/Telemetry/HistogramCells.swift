/// The cells in which a histogram counts durations.
///
/// Every upper bound of a bucket ends a cell, of the configured buckets as well as of the native ones, so that one count
/// serves both: readers add up the cells of a bucket.
///
/// Unchecked: the memory is written in the initializer only, and lives as long as the object.
final class HistogramCells: @unchecked Sendable {
    /// The upper bounds in nanoseconds, ascending. The last is the largest number. Not an array, so that an observation
    /// counts no references.
    let bounds: UnsafeMutableBufferPointer<UInt64>
    /// The first cell that may hold a duration, by its `DurationSketch.bucket`.
    let starts: UnsafeMutableBufferPointer<UInt16>
    /// The configured bucket of each cell.
    let buckets: [UInt16]
    /// The index of each cell's native bucket, in the schema `NativeBuckets.schema`.
    let natives: [Int16]

    /// - Parameter buckets: The bounds of the configured buckets in nanoseconds, ascending.
    init(buckets: [UInt64]) {
        let natives = NativeBuckets.indices.map { NativeBuckets.bound(of: $0) }
        // The highest native bucket has no bound: it counts all longer durations.
        let bounds = Set(buckets + natives.dropLast()).sorted() + [.max]
        self.bounds = .allocate(capacity: bounds.count)
        _ = self.bounds.initialize(from: bounds)
        self.buckets = bounds.map { bound in
            UInt16(clamping: buckets.firstIndex { $0 >= bound } ?? buckets.count)
        }
        self.natives = bounds.map { bound in
            let place = natives.firstIndex { $0 >= bound } ?? natives.count - 1
            return Int16(clamping: NativeBuckets.indices.lowerBound + place)
        }
        let starts = (0..<DurationSketch.octaveCount * DurationSketch.steps).map { bucket in
            let shortest = DurationSketch.shortest(in: bucket)
            return UInt16(clamping: bounds.firstIndex { $0 >= shortest } ?? bounds.count - 1)
        }
        self.starts = .allocate(capacity: starts.count)
        _ = self.starts.initialize(from: starts)
    }

    deinit {
        self.bounds.deallocate()
        self.starts.deallocate()
    }
}
