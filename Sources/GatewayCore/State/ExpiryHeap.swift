/// Finds the slot that expires first. A binary heap of times that were current when they were written: a slot's time
/// only moves forward, so it is checked when it reaches the top instead of being updated with every request.
struct ExpiryHeap: Sendable {
    private var items: ContiguousArray<(expiry: UInt64, slot: UInt32)> = []

    var count: Int { self.items.count }

    /// The earliest time at which any slot may expire.
    var earliest: UInt64 { self.items.first?.expiry ?? .max }

    var earliestSlot: Int? { self.items.first.map { Int($0.slot) } }

    mutating func insert(_ slot: Int, expiry: UInt64) {
        self.items.append((expiry, UInt32(truncatingIfNeeded: slot)))
        var child = self.items.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard self.items[child].expiry < self.items[parent].expiry else { return }
            self.items.swapAt(child, parent)
            child = parent
        }
    }

    /// Updates the first slot, which expires later than recorded.
    mutating func postponeFirst(to expiry: UInt64) {
        guard !self.items.isEmpty else { return }
        self.items[0].expiry = expiry
        self.sink()
    }

    mutating func removeFirst() {
        guard let last = self.items.popLast(), !self.items.isEmpty else { return }
        self.items[0] = last
        self.sink()
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < self.items.count else { return }
            if child + 1 < self.items.count, self.items[child + 1].expiry < self.items[child].expiry { child += 1 }
            guard self.items[child].expiry < self.items[parent].expiry else { return }
            self.items.swapAt(child, parent)
            parent = child
        }
    }
}
