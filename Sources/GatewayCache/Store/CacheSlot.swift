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

    static let maximumUses: UInt8 = 3
}

/// A queue of slots, linked in both directions by the slots themselves.
struct SlotQueue: Sendable {
    private(set) var oldest = SlotTable.none
    private var newest = SlotTable.none
    private(set) var count = 0
    /// The size of all responses in it.
    var bytes = 0

    mutating func append(_ slot: Int32, in slots: inout ContiguousArray<CacheSlot>) {
        slots[Int(slot)].older = self.newest
        slots[Int(slot)].newer = SlotTable.none
        if self.newest >= 0 { slots[Int(self.newest)].newer = slot } else { self.oldest = slot }
        self.newest = slot
        self.count += 1
        self.bytes += slots[Int(slot)].size
    }

    mutating func remove(_ slot: Int32, in slots: inout ContiguousArray<CacheSlot>) {
        let (older, newer) = (slots[Int(slot)].older, slots[Int(slot)].newer)
        if older >= 0 { slots[Int(older)].newer = newer } else { self.oldest = newer }
        if newer >= 0 { slots[Int(newer)].older = older } else { self.newest = older }
        self.count -= 1
        self.bytes -= slots[Int(slot)].size
    }
}

/// Finds slots by a hash: a table of chains, linked by the slots themselves.
struct SlotTable: Sendable {
    static let none: Int32 = -1

    private var heads: ContiguousArray<Int32> = []

    /// Whether it should have more chains.
    func isFull(_ count: Int) -> Bool { count >= self.heads.count }

    /// Empties the table and doubles the number of chains. All slots have to be added again.
    mutating func grow() { self.heads = ContiguousArray(repeating: Self.none, count: max(16, self.heads.count * 2)) }

    /// The first slot of the chain of a hash.
    subscript(hash: UInt64) -> Int32 {
        get { self.heads.isEmpty ? Self.none : self.heads[self.chain(of: hash)] }
        set { self.heads[self.chain(of: hash)] = newValue }
    }

    private func chain(of hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & (self.heads.count - 1) }
}
