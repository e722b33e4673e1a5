import NIOCore

/// The durations of one route's requests on one event loop, over the last minutes.
///
/// Memory: 14 sketches of 64 bytes, and the counts of those with traffic. A thousand routes with constant traffic,
/// whose durations span 7 octaves (1 to 100 ms), take 4 MB per event loop; with all 29 octaves and at most 65,535
/// requests per bucket, 14 MB. A route without traffic takes nothing.
package final class RoutePerformance {
    /// The slots of all windows, window by window.
    private let sketches: UnsafeMutableBufferPointer<DurationSketch>
    /// The slot of time that each sketch covers.
    private let slots: UnsafeMutableBufferPointer<UInt64>
    /// The index of the sketch that counts now, in the shortest window. It is added to the other windows when its slot
    /// ends.
    private var current = 0
    /// When the next slot starts, in nanoseconds.
    private var turnsAt: UInt64 = 0

    private static let offsets = [0, 4, 9]
    private static let size = 14

    init() {
        self.sketches = .allocate(capacity: Self.size)
        for index in 0..<Self.size { self.sketches.initializeElement(at: index, to: DurationSketch()) }
        self.slots = .allocate(capacity: Self.size)
        self.slots.initialize(repeating: .max)
    }

    deinit {
        self.sketches.deinitialize()
        self.sketches.deallocate()
        self.slots.deallocate()
    }

    func record(nanoseconds: UInt64, isError: Bool, at now: NIODeadline) {
        if now.uptimeNanoseconds >= self.turnsAt { self.turn(to: now) }
        let bucket = DurationSketch.bucket(of: nanoseconds)
        self.sketches[self.current].add(nanoseconds, in: bucket, isError: isError)
    }

    /// Adds the counts of each window.
    func copy(to summaries: inout [DurationSummary], at now: NIODeadline) {
        for window in PerformanceWindow.allCases {
            let first = window.firstSlot(at: now)
            for place in Self.places(of: window) where self.slots[place] != .max && self.slots[place] >= first {
                summaries[window.rawValue].add(self.sketches[place])
            }
            guard window != .minute, let begun = self.currentBegan, begun >= first * window.slotLength else { continue }
            summaries[window.rawValue].add(self.sketches[self.current])
        }
    }

    /// Starts over.
    func reset() {
        for place in 0..<Self.size {
            self.sketches[place].clear()
            self.slots[place] = .max
        }
        self.turnsAt = 0
    }

    /// Its size in bytes, without the overhead of the allocator.
    var byteCount: Int {
        let each = MemoryLayout<DurationSketch>.stride + MemoryLayout<UInt64>.stride
        return self.sketches.indices.reduce(Self.size * each) { $0 + self.sketches[$1].byteCount }
    }

    /// When the current slot started, in nanoseconds; nil if nothing was counted yet.
    private var currentBegan: UInt64? {
        self.turnsAt > 0 ? self.turnsAt - PerformanceWindow.minute.slotLength : nil
    }

    private func turn(to now: NIODeadline) {
        if let begun = self.currentBegan {
            for window in [PerformanceWindow.fiveMinutes, .fifteenMinutes] {
                let place = self.place(for: window, at: .uptimeNanoseconds(begun))
                self.sketches[place].add(self.sketches[self.current])
            }
        }
        self.current = self.place(for: .minute, at: now)
        let window = PerformanceWindow.minute
        self.turnsAt = (window.slot(at: now) + 1) * window.slotLength
    }

    /// The sketch of the window's slot at `now`. Clears it if it covers an older slot.
    private func place(for window: PerformanceWindow, at now: NIODeadline) -> Int {
        let slot = window.slot(at: now)
        let place = Self.offsets[window.rawValue] + Int(slot % UInt64(window.slotCount))
        if self.slots[place] != slot {
            self.sketches[place].clear()
            self.slots[place] = slot
        }
        return place
    }

    private static func places(of window: PerformanceWindow) -> Range<Int> {
        let offset = self.offsets[window.rawValue]
        return offset..<offset + window.slotCount
    }
}

@available(*, unavailable)
extension RoutePerformance: Sendable {}
