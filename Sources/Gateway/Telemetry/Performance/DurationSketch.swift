/// Counts durations in buckets that grow with them, as HDR histograms do: sixteen for each doubling. What is read back
/// is off by at most 1/32 of itself, or below 16 µs by half a microsecond.
///
/// Only the doublings that were seen have memory, 32 bytes each: a route whose answers take from 1 to 100 ms needs 224.
/// A bucket that runs over makes all counts of its sketch 32 bits wide, for good.
struct DurationSketch: ~Copyable {
    private(set) var count: UInt64 = 0
    private(set) var errors: UInt64 = 0
    /// In nanoseconds. A floating-point number, since a busy route fills 64 bits.
    private(set) var sum = 0.0
    /// In nanoseconds.
    private(set) var minimum = UInt64.max
    private(set) var maximum: UInt64 = 0
    private var counts: UnsafeMutableRawPointer?
    /// Of the first doubling that has memory.
    private var base: UInt8 = 0
    /// How many have.
    private var octaves: UInt8 = 0
    private var isWide = false

    /// Buckets of one doubling.
    static let steps = 16
    /// From a microsecond to 73 minutes; what lasts longer counts as that.
    static let octaveCount = 29

    init() {}

    deinit {
        self.counts?.deallocate()
    }

    /// Which bucket a duration in nanoseconds belongs to.
    static func bucket(of nanoseconds: UInt64) -> Int {
        let value = min(nanoseconds >> 10, UInt64(UInt32.max))
        if value < 16 { return Int(value) }
        let exponent = 63 - value.leadingZeroBitCount
        return (exponent - 3) << 4 | Int(value >> UInt64(exponent - 4)) & 15
    }

    /// The middle of a bucket, in nanoseconds.
    static func middle(of bucket: Int) -> Double {
        let (octave, step) = (bucket >> 4, Double(bucket & 15))
        if octave == 0 { return (step + 0.5) * 1024 }
        return (16.5 + step) * Double(UInt64(1) << UInt64(octave - 1)) * 1024
    }

    /// - Parameter bucket: that of `nanoseconds`.
    mutating func add(_ nanoseconds: UInt64, in bucket: Int, isError: Bool) {
        self.count &+= 1
        self.errors &+= isError ? 1 : 0
        self.sum += Double(nanoseconds)
        self.minimum = min(self.minimum, nanoseconds)
        self.maximum = max(self.maximum, nanoseconds)
        self.add(1, to: bucket)
    }

    /// Counts what another has counted.
    mutating func add(_ other: borrowing DurationSketch) {
        guard other.count > 0 else { return }
        self.count &+= other.count
        self.errors &+= other.errors
        self.sum += other.sum
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)
        // The extremes first, so that memory is asked for at most twice.
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
            counts.assumingMemoryBound(to: UInt32.self)[place] &+= amount
            return
        }
        let sum = UInt32(counts.assumingMemoryBound(to: UInt16.self)[place]) &+ amount
        if let sum = UInt16(exactly: sum) {
            counts.assumingMemoryBound(to: UInt16.self)[place] = sum
        } else {
            self.allocate(base: self.base, octaves: self.octaves, isWide: true)
            self.counts?.assumingMemoryBound(to: UInt32.self)[place] = sum
        }
    }

    /// Forgets what it has counted, and keeps its memory for what comes: likely the same.
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

    /// Of the bucket at a place from the start of its memory.
    private func count(at place: Int) -> UInt64 {
        guard let counts = self.counts else { return 0 }
        return self.isWide
            ? UInt64(counts.assumingMemoryBound(to: UInt32.self)[place])
            : UInt64(counts.assumingMemoryBound(to: UInt16.self)[place])
    }

    /// Calls `body` with each bucket that is not empty, in ascending order.
    func forEachBucket(_ body: (_ bucket: Int, _ count: UInt64) -> Void) {
        if self.count == 0 { return }
        for place in 0..<Int(self.octaves) * Self.steps {
            let count = self.count(at: place)
            if count > 0 { body(place + Int(self.base) * Self.steps, count) }
        }
    }

    /// What it takes besides itself.
    var byteCount: Int { Int(self.octaves) * Self.steps * (self.isWide ? 4 : 2) }

    private mutating func grow(to octave: UInt8) {
        guard self.octaves > 0 else { return self.allocate(base: octave, octaves: 1, isWide: false) }
        let first = min(self.base, octave)
        let last = max(self.base + self.octaves - 1, octave)
        self.allocate(base: first, octaves: last - first + 1, isWide: self.isWide)
    }

    /// Moves the counts to new memory, which holds at least those that there are.
    private mutating func allocate(base: UInt8, octaves: UInt8, isWide: Bool) {
        let places = Int(octaves) * Self.steps
        let width = isWide ? 4 : 2
        let memory = UnsafeMutableRawPointer.allocate(byteCount: places * width, alignment: 4)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: places * width)
        let shift = (Int(self.base) - Int(base)) * Self.steps
        for place in 0..<Int(self.octaves) * Self.steps {
            let count = self.count(at: place)
            if isWide {
                memory.assumingMemoryBound(to: UInt32.self)[place + shift] = UInt32(truncatingIfNeeded: count)
            } else {
                memory.assumingMemoryBound(to: UInt16.self)[place + shift] = UInt16(truncatingIfNeeded: count)
            }
        }
        self.counts?.deallocate()
        self.counts = memory
        self.base = base
        self.octaves = octaves
        self.isWide = isWide
    }
}
