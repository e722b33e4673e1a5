import NIOCore

extension DeadlineWheel {
    /// A hashed timer wheel without a clock.
    ///
    /// Postponing a slot's deadline costs one comparison: the slot stays in its bucket, and moves to the right one
    /// when that bucket is due. A busy connection therefore touches the wheel about once per minute.
    struct StateMachine {
        /// The length of a tick in nanoseconds. Deadlines fire late by up to one tick.
        static let tick: Int64 = 10_000_000
        /// Covers more than 80 seconds. A later deadline goes around the wheel again.
        private static let bucketCount = 8192

        private struct Timer {
            var deadline = NIODeadline.distantFuture
            /// The tick at which this slot is due next. `Int64.max` if it is in no bucket.
            var placed = Int64.max
            var isUsed = false
        }

        private var timers: ContiguousArray<Timer> = []
        private var free: [Slot] = []
        private var buckets = ContiguousArray<ContiguousArray<Slot>>(repeating: [], count: bucketCount)
        private var occupied = ContiguousArray<UInt64>(repeating: 0, count: bucketCount / 64)
        /// The slots that are due in one advance. All are removed before any is examined, because a slot that is
        /// placed again may belong in a bucket of the same advance.
        private var due: ContiguousArray<Slot> = []
        /// All ticks before this one have passed.
        private var current: Int64

        init(now: NIODeadline) { self.current = Self.tick(of: now) }

        mutating func makeSlot() -> Slot {
            if let slot = self.free.popLast() {
                self.timers[slot.index].isUsed = true
                return slot
            }
            self.timers.append(Timer(isUsed: true))
            return Slot(index: self.timers.count - 1)
        }

        /// Frees the slot for reuse. It may still be in a bucket, which its next owner inherits.
        mutating func free(_ slot: Slot) {
            self.timers[slot.index].deadline = .distantFuture
            self.timers[slot.index].isUsed = false
            self.free.append(slot)
        }

        /// Whether the wheel has to wake up earlier.
        enum OnSet: Hashable {
            case unchanged
            case wake(NIODeadline)
        }

        /// Sets a slot's deadline. Ignored for a free slot, whose next owner must not be called for it.
        mutating func set(_ slot: Slot, to deadline: NIODeadline) -> OnSet {
            guard self.timers[slot.index].isUsed else { return .unchanged }
            self.timers[slot.index].deadline = deadline
            guard deadline != .distantFuture else { return .unchanged }
            let tick = max(Self.tick(of: deadline) + 1, self.current)
            guard tick < self.timers[slot.index].placed else { return .unchanged }
            return .wake(self.place(slot, at: tick))
        }

        /// Collects the slots whose deadlines have passed by `now`, each once.
        mutating func advance(to now: NIODeadline, expired: inout [Slot]) {
            let target = Self.tick(of: now)
            guard target >= self.current else { return }
            let first = self.current
            self.current = target + 1
            let count = min(target - first + 1, Int64(Self.bucketCount))
            for offset in 0..<count {
                let bucket = Int((first + offset) % Int64(Self.bucketCount))
                guard self.occupied[bucket / 64] & (1 << (bucket % 64)) != 0 else { continue }
                self.occupied[bucket / 64] &= ~(1 << (bucket % 64))
                self.due += self.buckets[bucket]
                self.buckets[bucket].removeAll(keepingCapacity: self.buckets[bucket].count < 64)
            }
            for slot in self.due { self.look(at: slot, target: target, now: now, expired: &expired) }
            self.due.removeAll(keepingCapacity: self.due.count < 1024)
        }

        private mutating func look(at slot: Slot, target: Int64, now: NIODeadline, expired: inout [Slot]) {
            let timer = self.timers[slot.index]
            // The entry is stale: the deadline has since moved to an earlier bucket.
            guard timer.placed <= target else { return }
            self.timers[slot.index].placed = Int64.max
            guard timer.isUsed, timer.deadline != .distantFuture else { return }
            if timer.deadline <= now {
                self.timers[slot.index].deadline = .distantFuture
                expired.append(slot)
            } else {
                _ = self.place(slot, at: max(Self.tick(of: timer.deadline) + 1, self.current))
            }
        }

        private mutating func place(_ slot: Slot, at tick: Int64) -> NIODeadline {
            let near = min(tick, self.current + Int64(Self.bucketCount) - 1)
            self.timers[slot.index].placed = near
            let bucket = Int(near % Int64(Self.bucketCount))
            self.buckets[bucket].append(slot)
            self.occupied[bucket / 64] |= 1 << (bucket % 64)
            return Self.time(of: near)
        }

        /// Returns when the next occupied bucket is due, or nil if the wheel is empty.
        func nextWake() -> NIODeadline? {
            let start = Int(self.current % Int64(Self.bucketCount))
            for step in 0...self.occupied.count {
                let word = (start / 64 + step) % self.occupied.count
                var bits = self.occupied[word]
                if step == 0 { bits &= ~0 << (start % 64) }
                if step == self.occupied.count { bits &= ~(~0 << (start % 64)) }
                guard bits != 0 else { continue }
                let bucket = word * 64 + bits.trailingZeroBitCount
                let distance = (bucket - start + Self.bucketCount) % Self.bucketCount
                return Self.time(of: self.current + Int64(distance))
            }
            return nil
        }

        private static func tick(of deadline: NIODeadline) -> Int64 {
            Int64(clamping: deadline.uptimeNanoseconds) / Self.tick
        }

        private static func time(of tick: Int64) -> NIODeadline {
            .uptimeNanoseconds(UInt64(clamping: tick.multipliedReportingOverflow(by: Self.tick).partialValue))
        }
    }
}
