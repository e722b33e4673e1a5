/// One stored response in a shard, with its places in the queue and in the tables. Slots are reused.
struct CacheSlot: Sendable {
    enum Queue: UInt8, Sendable {
        case small, main
    }

    /// Nil in a slot that is free.
    var response: StoredResponse?
    /// With its encoded bodies, as it is counted.
    var size = 0
    /// The next slot in the chain of keys. Only the newest variant of a key is in the chain. In a free slot, the next free one.
    var nextOfKey = SlotTable.none
    /// The next older variant of the same key.
    var olderVariant = SlotTable.none
    /// The next slot in the chain of URLs.
    var nextOfURL = SlotTable.none
    var older = SlotTable.none
    var newer = SlotTable.none
    var hits: UInt32 = 0
    /// How often it was found since it entered its queue, at most ``maximumUses``.
    var uses: UInt8 = 0
    var queue = Queue.small
    /// In the newest variant of a key: how many there are.
    var variantCount: UInt8 = 1

    static let maximumUses: UInt8 = 3
}

/// A queue of slots, linked in both directions by the slots themselves.
struct SlotQueue: Sendable {
    private(set) var oldest = SlotTable.none
    private var newest = SlotTable.none
    private(set) var count = 0
    /// The size of all responses in it.
    var bytes = 0

    mutating func append(_ slot: Int32, in slots: inout Blocks<CacheSlot>) {
        slots[Int(slot)].older = self.newest
        slots[Int(slot)].newer = SlotTable.none
        if self.newest >= 0 { slots[Int(self.newest)].newer = slot } else { self.oldest = slot }
        self.newest = slot
        self.count += 1
        self.bytes += slots[Int(slot)].size
    }

    mutating func remove(_ slot: Int32, in slots: inout Blocks<CacheSlot>) {
        let (older, newer) = (slots[Int(slot)].older, slots[Int(slot)].newer)
        if older >= 0 { slots[Int(older)].newer = newer } else { self.oldest = newer }
        if newer >= 0 { slots[Int(newer)].older = older } else { self.newest = older }
        self.count -= 1
        self.bytes -= slots[Int(slot)].size
    }
}

/// Finds slots by a hash: a table of chains, linked by the slots themselves. It grows by one chain at a time, as linear
/// hashing does (Litwin 1980), so that no response that is stored waits for all others to be moved.
struct SlotTable: Sendable {
    static let none: Int32 = -1

    private var heads = Blocks<Int32>()
    /// The number of chains, rounded down to a power of two, less one.
    private var mask = 0

    /// Whether it should have one more chain.
    func isFull(_ count: Int) -> Bool { count >= self.heads.count }

    /// Adds a chain. Returns the first slot of the chain that it halves, which is empty now: its slots have to be added
    /// again.
    mutating func split() -> Int32 {
        let new = self.heads.count
        self.heads.append(Self.none)
        guard new > 0 else { return Self.none }
        let halved = new & self.mask
        if new == self.mask * 2 + 1 { self.mask = new }
        let first = self.heads[halved]
        self.heads[halved] = Self.none
        return first
    }

    /// The first slot of the chain of a hash.
    subscript(hash: UInt64) -> Int32 {
        get { self.heads.count == 0 ? Self.none : self.heads[self.chain(of: hash)] }
        set { self.heads[self.chain(of: hash)] = newValue }
    }

    private func chain(of hash: UInt64) -> Int {
        let wide = Int(truncatingIfNeeded: hash) & (self.mask * 2 + 1)
        return wide < self.heads.count ? wide : wide & self.mask
    }
}
