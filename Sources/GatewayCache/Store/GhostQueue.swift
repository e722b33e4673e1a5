/// Remembers which responses were evicted from the small queue lately, without their bytes: S3-FIFO's ghost queue.
///
/// It holds marks of 32 bits in a table of four places per bucket, each with the number of the eviction. A mark is too old
/// when as many evictions have followed as there are responses, so nothing needs to be removed.
struct GhostQueue: Sendable {
    private static let width = 4

    /// The mark in the upper half, the number of the eviction in the lower. 0 is an empty place.
    private var places: ContiguousArray<UInt64> = []
    private var evictions: UInt32 = 0

    /// Remembers a response.
    ///
    /// - Parameter capacity: How many are to be remembered: as many as are stored.
    mutating func insert(_ hash: UInt64, capacity: Int) {
        if self.places.count < capacity { self.grow(to: capacity) }
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
        guard !self.places.isEmpty else { return false }
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
        Int(truncatingIfNeeded: hash) & (self.places.count / Self.width - 1) * Self.width
    }

    /// Marks in a larger table are in other buckets, so they are forgotten. The table grows a few times in its life.
    private mutating func grow(to capacity: Int) {
        var count = max(64, self.places.count)
        while count < capacity { count *= 2 }
        self.places = ContiguousArray(repeating: 0, count: count)
    }
}
