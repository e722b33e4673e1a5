import NIOCore

/// The requests of one route on one event loop: the last seconds one by one, and longer windows.
///
/// Memory: 25 sketches of 64 bytes, and the counts of those with traffic. A thousand routes with constant traffic,
/// whose durations span 7 octaves (1 to 100 ms), take 8 MB per event loop; with all 29 octaves and at most 65,535
/// requests per bucket, 26 MB. A route without traffic takes nothing.
package final class RoutePerformance {
    /// How many complete seconds are known.
    package static let recentSeconds = 10

    /// The requests of all seconds but the current one. A reset does not change it.
    private var countedBefore = StatusCounts()
    /// The slots of all windows, window by window, and then the seconds.
    private let sketches: UnsafeMutableBufferPointer<DurationSketch>
    /// The slot of time that each sketch covers.
    private let slots: UnsafeMutableBufferPointer<UInt64>
    /// The requests of each second by the class of their status.
    private let statuses: UnsafeMutableBufferPointer<UInt64>
    /// The index of the second that counts now. It is added to the windows when it ends.
    private var current = 0
    /// When the next second starts, in nanoseconds.
    private var turnsAt: UInt64 = 0

    private static let offsets = [0, 4, 9]
    /// Where the seconds start: those that are complete, and the current one.
    private static let seconds = 14
    private static let secondCount = RoutePerformance.recentSeconds + 1
    private static let size = RoutePerformance.seconds + RoutePerformance.secondCount
    private static let second: UInt64 = 1_000_000_000

    init() {
        self.sketches = .allocate(capacity: Self.size)
        for index in 0..<Self.size { self.sketches.initializeElement(at: index, to: DurationSketch()) }
        self.slots = .allocate(capacity: Self.size)
        self.slots.initialize(repeating: .max)
        self.statuses = .allocate(capacity: Self.secondCount * StatusCounts.size)
        self.statuses.initialize(repeating: 0)
    }

    deinit {
        self.sketches.deinitialize()
        self.sketches.deallocate()
        self.slots.deallocate()
        self.statuses.deallocate()
    }

    func record(nanoseconds: UInt64, status: Int, isError: Bool, at now: NIODeadline) {
        if now.uptimeNanoseconds >= self.turnsAt { self.turn(to: now) }
        let bucket = DurationSketch.bucket(of: nanoseconds)
        self.sketches[self.current].add(nanoseconds, in: bucket, isError: isError)
        self.statuses[Self.statuses(of: self.current) + StatusCounts.place(of: status)] &+= 1
    }

    /// Adds the counts of each window.
    func copy(to summaries: inout [DurationSummary], at now: NIODeadline) {
        for window in PerformanceWindow.allCases {
            let first = window.firstSlot(at: now)
            for place in Self.places(of: window) where self.slots[place] != .max && self.slots[place] >= first {
                summaries[window.rawValue].add(self.sketches[place])
            }
            guard let begun = self.currentBegan, begun >= first * window.slotLength else { continue }
            summaries[window.rawValue].add(self.sketches[self.current])
        }
    }

    /// Adds the requests of some seconds to `traffic`.
    ///
    /// - Parameter seconds: Counted from the zero of the clock. Older ones than ``recentSeconds`` are not known.
    func copy(_ seconds: ClosedRange<UInt64>, to traffic: inout Traffic) {
        for place in Self.seconds..<Self.size where seconds.contains(self.slots[place]) {
            traffic.durations.add(self.sketches[place])
            traffic.statuses.add(self.statuses(at: place))
        }
    }

    /// All requests by the class of their status, since the route exists.
    var counted: StatusCounts {
        guard self.turnsAt > 0 else { return self.countedBefore }
        var sum = self.countedBefore
        sum.add(self.statuses(at: self.current))
        return sum
    }

    /// Starts over.
    func reset() {
        self.countedBefore = self.counted
        for place in 0..<Self.size {
            self.sketches[place].clear()
            self.slots[place] = .max
        }
        self.turnsAt = 0
    }

    /// Its size in bytes, without the overhead of the allocator.
    var byteCount: Int {
        let each = MemoryLayout<DurationSketch>.stride + MemoryLayout<UInt64>.stride
        let statuses = self.statuses.count * MemoryLayout<UInt64>.stride
        return self.sketches.indices.reduce(Self.size * each + statuses) { $0 + self.sketches[$1].byteCount }
    }

    /// When the current second started, in nanoseconds; nil if nothing was counted yet.
    private var currentBegan: UInt64? { self.turnsAt > 0 ? self.turnsAt - Self.second : nil }

    private func turn(to now: NIODeadline) {
        if let begun = self.currentBegan {
            self.countedBefore = self.counted
            for window in PerformanceWindow.allCases {
                let place = self.place(for: window, at: .uptimeNanoseconds(begun))
                self.sketches[place].add(self.sketches[self.current])
            }
        }
        let second = now.uptimeNanoseconds / Self.second
        self.current = Self.seconds + Int(second % UInt64(Self.secondCount))
        self.slots[self.current] = second
        self.sketches[self.current].clear()
        for place in 0..<StatusCounts.size { self.statuses[Self.statuses(of: self.current) + place] = 0 }
        self.turnsAt = (second + 1) * Self.second
    }

    /// Where the counts of a second start.
    private static func statuses(of place: Int) -> Int { (place - self.seconds) * StatusCounts.size }

    private func statuses(at place: Int) -> StatusCounts {
        let first = Self.statuses(of: place)
        return StatusCounts(self.statuses[first..<first + StatusCounts.size])
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
