/// Counts durations in buckets of growing width, as HDR histograms do: sixteen per power of two. Values read back are off by
/// at most 1/32, or by half a microsecond below 16 µs.
///
/// Memory is allocated for the octaves seen so far, 32 bytes each: responses that take 1 to 100 ms need 224 bytes. Counts are
/// 16 bits wide until one overflows; then all counts of the sketch stay 32 bits wide.
package struct DurationSketch: ~Copyable {
    private(set) var count: UInt64 = 0
    private(set) var errors: UInt64 = 0
    /// In nanoseconds. A floating-point number, because a busy route would overflow 64 bits.
    private(set) var sum = 0.0
    /// In nanoseconds.
    private(set) var minimum = UInt64.max
    private(set) var maximum: UInt64 = 0
    /// Holds `UInt16` or `UInt32` counts, depending on `isWide`. Raw memory that is never bound to a type.
    private var counts: UnsafeMutableRawPointer?
    /// The first octave that has memory.
    private var base: UInt8 = 0
    /// The number of octaves that have memory.
    private var octaves: UInt8 = 0
    private var isWide = false

    /// Buckets per octave.
    static let steps = 16
    /// From a microsecond to 73 minutes. Longer durations count as 73 minutes.
    static let octaveCount = 29

    init() {}

    deinit {
        self.counts?.deallocate()
    }

    /// The bucket of a duration in nanoseconds.
    static func bucket(of nanoseconds: UInt64) -> Int {
        let value = min(nanoseconds >> 10, UInt64(UInt32.max))
        if value < 16 { return Int(value) }
        let exponent = 63 - value.leadingZeroBitCount
        return (exponent - 3) << 4 | Int(value >> UInt64(exponent - 4)) & 15
    }

    /// The shortest duration in a bucket, in nanoseconds.
    static func shortest(in bucket: Int) -> UInt64 {
        let (octave, step) = (bucket >> 4, UInt64(bucket & 15))
        return octave == 0 ? step << 10 : (16 + step) << UInt64(octave + 9)
    }

    /// The middle of a bucket, in nanoseconds.
    static func middle(of bucket: Int) -> Double {
        let (octave, step) = (bucket >> 4, Double(bucket & 15))
        if octave == 0 { return (step + 0.5) * 1024 }
        return (16.5 + step) * Double(UInt64(1) << UInt64(octave - 1)) * 1024
    }

    /// - Parameter bucket: the bucket of `nanoseconds`.
    mutating func add(_ nanoseconds: UInt64, in bucket: Int, isError: Bool) {
        self.count &+= 1
        self.errors &+= isError ? 1 : 0
        self.sum += Double(nanoseconds)
        self.minimum = min(self.minimum, nanoseconds)
        self.maximum = max(self.maximum, nanoseconds)
        self.add(1, to: bucket)
    }

    /// Adds the counts of another sketch.
    mutating func add(_ other: borrowing DurationSketch) {
        guard other.count > 0 else { return }
        self.count &+= other.count
        self.errors &+= other.errors
        self.sum += other.sum
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)
        // The extremes first, so that memory grows at most twice.
        self.add(0, to: Self.bucket(of: other.minimum))
        self.add(0, to: Self.bucket(of: other.maximum))
        for place in 0..<Int(other.octaves) * Self.steps {
            let count = other.count(at: place)
            if count > 0 { self.add(UInt32(truncatingIfNeeded: count), to: place + Int(other.base) * Self.steps) }
        }
    }

    private mutating func add(_ amount: UInt32, to bucket: Int) {
        var place = bucket - Int(self.base) << 4
        if place < 0 || place >= Int(self.octaves) << 4 {
            self.grow(to: UInt8(truncatingIfNeeded: bucket >> 4))
            place = bucket - Int(self.base) << 4
        }
        guard let counts = self.counts else { return }
        if self.isWide {
            let sum = counts.load(fromByteOffset: place &* 4, as: UInt32.self) &+ amount
            return counts.storeBytes(of: sum, toByteOffset: place &* 4, as: UInt32.self)
        }
        let sum = UInt32(counts.load(fromByteOffset: place &* 2, as: UInt16.self)) &+ amount
        if let sum = UInt16(exactly: sum) {
            counts.storeBytes(of: sum, toByteOffset: place &* 2, as: UInt16.self)
        } else {
            self.allocate(base: self.base, octaves: self.octaves, isWide: true)
            self.counts?.storeBytes(of: sum, toByteOffset: place &* 4, as: UInt32.self)
        }
    }

    /// Resets all counts, and keeps the memory.
    mutating func clear() {
        guard self.count > 0 else { return }
        self.count = 0
        self.errors = 0
        self.sum = 0
        self.minimum = .max
        self.maximum = 0
        let width = self.isWide ? 4 : 2
        self.counts?.initializeMemory(as: UInt8.self, repeating: 0, count: Int(self.octaves) * Self.steps * width)
    }

    /// - Parameter place: the index of a bucket in the memory.
    private func count(at place: Int) -> UInt64 {
        guard let counts = self.counts else { return 0 }
        return self.isWide
            ? UInt64(counts.load(fromByteOffset: place &* 4, as: UInt32.self))
            : UInt64(counts.load(fromByteOffset: place &* 2, as: UInt16.self))
    }

    /// Calls `body` with each bucket that is not empty, in ascending order.
    func forEachBucket(_ body: (_ bucket: Int, _ count: UInt64) -> Void) {
        if self.count == 0 { return }
        for place in 0..<Int(self.octaves) * Self.steps {
            let count = self.count(at: place)
            if count > 0 { body(place + Int(self.base) * Self.steps, count) }
        }
    }

    /// The size of its memory, not counting the struct.
    var byteCount: Int { Int(self.octaves) * Self.steps * (self.isWide ? 4 : 2) }

    private mutating func grow(to octave: UInt8) {
        guard self.octaves > 0 else { return self.allocate(base: octave, octaves: 1, isWide: false) }
        let first = min(self.base, octave)
        let last = max(self.base + self.octaves - 1, octave)
        self.allocate(base: first, octaves: last - first + 1, isWide: self.isWide)
    }

    /// Moves the counts to new memory, which must cover all octaves of the old.
    private mutating func allocate(base: UInt8, octaves: UInt8, isWide: Bool) {
        let places = Int(octaves) * Self.steps
        let width = isWide ? 4 : 2
        let memory = UnsafeMutableRawPointer.allocate(byteCount: places * width, alignment: 4)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: places * width)
        let shift = (Int(self.base) - Int(base)) * Self.steps
        for place in 0..<Int(self.octaves) * Self.steps {
            let count = self.count(at: place)
            let offset = (place + shift) * width
            if isWide {
                memory.storeBytes(of: UInt32(truncatingIfNeeded: count), toByteOffset: offset, as: UInt32.self)
            } else {
                memory.storeBytes(of: UInt16(truncatingIfNeeded: count), toByteOffset: offset, as: UInt16.self)
            }
        }
        self.counts?.deallocate()
        self.counts = memory
        self.base = base
        self.octaves = octaves
        self.isWide = isWide
    }
}
