/// Remembers which responses were evicted from the small queue lately, without their bytes: S3-FIFO's ghost queue.
///
/// It holds marks of 32 bits in a table of four places per bucket, each with the number of the eviction. A mark is too old
/// when as many evictions have followed as there are responses, so nothing needs to be removed.
struct GhostQueue: Sendable {
    private static let width = 4
    private static let leastCount = 64

    /// The mark in the upper half, the number of the eviction in the lower. 0 is an empty place.
    private var places = Blocks<UInt64>()
    /// The number of buckets, rounded down to a power of two, less one.
    private var mask = 0
    private var evictions: UInt32 = 0

    /// Remembers a response.
    ///
    /// - Parameter capacity: How many are to be remembered: as many as are stored.
    mutating func insert(_ hash: UInt64, capacity: Int) {
        if self.places.count < max(capacity, Self.leastCount) { self.grow() }
        self.evictions &+= 1
        let bucket = self.bucket(of: hash)
        var oldest = bucket
        for place in bucket..<bucket + Self.width {
            if self.places[place] == 0 || Self.mark(self.places[place]) == Self.mark(hash) {
                oldest = place
                break
            }
            if self.age(of: place) > self.age(of: oldest) { oldest = place }
        }
        self.places[oldest] = Self.mark(hash) | UInt64(self.evictions)
    }

    /// Whether the response was evicted lately; it is forgotten then.
    mutating func remove(_ hash: UInt64, capacity: Int) -> Bool {
        guard self.places.count > 0 else { return false }
        let bucket = self.bucket(of: hash)
        for place in bucket..<bucket + Self.width
        where self.places[place] != 0 && Self.mark(self.places[place]) == Self.mark(hash) {
            let isRecent = self.age(of: place) < UInt32(clamping: capacity)
            self.places[place] = 0
            return isRecent
        }
        return false
    }

    private func age(of place: Int) -> UInt32 { self.evictions &- UInt32(truncatingIfNeeded: self.places[place]) }

    /// Never 0, so that no place in use looks empty.
    private static func mark(_ hash: UInt64) -> UInt64 { hash & 0xFFFF_FFFF_0000_0000 | 1 << 63 }

    private func bucket(of hash: UInt64) -> Int {
        let wide = Int(truncatingIfNeeded: hash) & (self.mask * 2 + 1)
        return (wide < self.places.count / Self.width ? wide : wide & self.mask) * Self.width
    }

    /// The table grows by a bucket for each eviction until it is large enough. The marks that belong into the new bucket are
    /// forgotten.
    private mutating func grow() {
        repeat {
            let new = self.places.count / Self.width
            for _ in 0..<Self.width { self.places.append(0) }
            if new > 0, new == self.mask * 2 + 1 { self.mask = new }
        } while self.places.count < Self.leastCount
    }
}
