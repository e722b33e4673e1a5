import GatewayHTTP

/// The responses of a part of the keys: finds them, and decides which of them make room for others.
///
/// Eviction is S3-FIFO (Yang et al., SOSP 2023): new responses enter a small queue, and only those that were asked for again
/// go on to the main queue, so URLs that are asked for once do not drive popular ones out.
struct CacheShard: Sendable {
    static let maximumVariants = 100
    /// With more variants, a key has a table of them.
    static let maximumWalked = 8
    /// What the places of a response in the queues and tables take.
    static let bytesPerResponse = 68
    /// How many responses an eviction looks at before it takes the next one as it comes.
    private static let maximumLooks = 32

    private var slots = Blocks<CacheSlot>()
    private var free = SlotTable.none
    private var keys = SlotTable()
    private var urls = SlotTable()
    /// Of the keys that have more than ``maximumWalked`` variants.
    private var variants: [CacheKey: VariantTable] = [:]
    private var small = SlotQueue()
    private var main = SlotQueue()
    private var ghosts = GhostQueue()
    /// The slot to be looked at next for being of no more use.
    private var hand = 0

    var count: Int { self.small.count + self.main.count }
    var bytes: Int { self.small.bytes + self.main.bytes }

    /// Leaves an empty shard, which has forgotten everything.
    mutating func takeAll() -> CacheShard {
        let all = self
        self = CacheShard()
        return all
    }

    // MARK: Finding

    enum OnFind {
        case none
        case response(StoredResponse)
        /// The newest of few variants, if the request selects it, or else an older one.
        case newest(StoredResponse)
        /// One of many variants: to be found by what the request has in these fields.
        case many([[HeaderName]])
    }

    mutating func find(_ key: CacheKey) -> OnFind {
        let slot = self.slot(of: key)
        guard slot >= 0, let response = self.slots[Int(slot)].response else { return .none }
        let count = self.slots[Int(slot)].variantCount
        if count > Self.maximumWalked, let table = self.variants[key] { return .many(table.lists) }
        if count > 1 || response.isVaried { return .newest(response) }
        self.use(Int(slot))
        return .response(response)
    }

    /// The next older variant. Nil if there is none, or if the response is not stored any more.
    func older(than response: StoredResponse) -> StoredResponse? {
        let slot = self.slot(of: response)
        guard slot >= 0, self.slots[Int(slot)].olderVariant >= 0 else { return nil }
        return self.slots[Int(self.slots[Int(slot)].olderVariant)].response
    }

    /// Counts a use of a response that was found among others.
    mutating func use(_ response: StoredResponse) {
        let slot = self.slot(of: response)
        if slot >= 0 { self.use(Int(slot)) }
    }

    /// Finds the newest of some variants (RFC 9111 section 4.1).
    mutating func find(_ key: CacheKey, _ variants: [Variant]) -> StoredResponse? {
        guard let table = self.variants[key] else { return nil }
        var found: Int?
        for variant in variants {
            guard let slot = table[variant].map({ Int($0) }), let response = self.slots[slot].response else { continue }
            if let best = found.flatMap({ self.slots[$0].response }), best.lifetime.bornAt >= response.lifetime.bornAt {
                continue
            }
            found = slot
        }
        guard let found else { return nil }
        self.use(found)
        return self.slots[found].response
    }

    private mutating func use(_ slot: Int) {
        self.slots[slot].hits &+= 1
        if self.slots[slot].uses < CacheSlot.maximumUses { self.slots[slot].uses &+= 1 }
    }

    /// All responses of a key, the newest first.
    func responses(of key: CacheKey) -> [StoredResponse] {
        var responses: [StoredResponse] = []
        var slot = self.slot(of: key)
        while slot >= 0 {
            if let response = self.slots[Int(slot)].response { responses.append(response) }
            slot = self.slots[Int(slot)].olderVariant
        }
        return responses
    }

    private func slot(of key: CacheKey) -> Int32 {
        var slot = self.keys[key.high]
        while slot >= 0, self.slots[Int(slot)].response?.key != key { slot = self.slots[Int(slot)].nextOfKey }
        return slot
    }

    private func slot(of response: StoredResponse) -> Int32 {
        var slot = self.slot(of: response.key)
        while slot >= 0, self.slots[Int(slot)].response !== response { slot = self.slots[Int(slot)].olderVariant }
        return slot
    }

    // MARK: Storing

    /// Adds a response in place of the one with the same variant. Returns what was removed for it.
    mutating func insert(_ response: StoredResponse, size: Int) -> Removed {
        var removed = Removed()
        if let old = self.slot(of: response.variant, response.key) {
            removed.add(self.slots[Int(old)])
            self.exchange(Int(old), for: response, size: size)
            return removed
        }
        self.link(response, size: size)
        self.addVariant(response, &removed)
        return removed
    }

    /// Puts a response in the place of the one that it updates. Nil if that one is not stored any more.
    mutating func replace(_ old: StoredResponse, with new: StoredResponse, size: Int) -> Removed? {
        let slot = self.slot(of: old)
        guard slot >= 0 else { return nil }
        var removed = Removed()
        removed.add(self.slots[Int(slot)])
        self.exchange(Int(slot), for: new, size: size)
        return removed
    }

    /// Removes a response. Nil if it is not stored any more.
    mutating func drop(_ response: StoredResponse) -> Removed? {
        let slot = self.slot(of: response)
        guard slot >= 0 else { return nil }
        var removed = Removed()
        removed.add(self.remove(slot))
        return removed
    }

    /// Adds an encoded body to a response. False if that is not stored any more, or has such a body.
    mutating func keep(_ encoded: StoredResponse.EncodedBody, for response: StoredResponse, size: Int) -> Bool {
        let slot = self.slot(of: response)
        guard slot >= 0, response.add(encoded) else { return false }
        self.resize(Int(slot), to: self.slots[Int(slot)].size + size)
        return true
    }

    private func slot(of variant: Variant, _ key: CacheKey) -> Int32? {
        if !self.variants.isEmpty, let table = self.variants[key] { return table[variant] }
        var slot = self.slot(of: key)
        while slot >= 0, self.slots[Int(slot)].response?.variant != variant {
            slot = self.slots[Int(slot)].olderVariant
        }
        return slot >= 0 ? slot : nil
    }

    /// It has the same key and variant, and is the newest variant now. Its URL may have another host.
    private mutating func exchange(_ slot: Int, for response: StoredResponse, size: Int) {
        guard let old = self.slots[slot].response else { return }
        self.resize(slot, to: size)
        let number = Int32(truncatingIfNeeded: slot)
        if self.slot(of: response.key) != number {
            self.unchainVariant(number, old)
            self.chainVariant(number, response, before: self.slot(of: response.key))
        }
        if old.urlHash != response.urlHash {
            self.unchain(number, ofURL: old.urlHash)
            self.chain(number, ofURL: response.urlHash)
        }
        self.slots[slot].response = response
    }

    private mutating func resize(_ slot: Int, to size: Int) {
        let growth = size - self.slots[slot].size
        self.slots[slot].size = size
        switch self.slots[slot].queue {
        case .small: self.small.bytes += growth
        case .main: self.main.bytes += growth
        }
    }

    private mutating func addVariant(_ response: StoredResponse, _ removed: inout Removed) {
        let newest = self.slot(of: response.key)
        let count = Int(self.slots[Int(newest)].variantCount)
        guard count > Self.maximumWalked else { return }
        var table = self.variants.removeValue(forKey: response.key) ?? self.table(from: newest)
        table.set(newest, for: response.variant)
        var outdated: [Int32] = []
        while table.hasTooManyLists { outdated += table.dropList() }
        if table.count > Self.maximumVariants { outdated.append(self.oldestVariant(from: newest)) }
        self.variants[response.key] = table
        for slot in outdated { removed.add(self.remove(slot)) }
    }

    private func table(from newest: Int32) -> VariantTable {
        var slots: [Int32] = []
        var slot = newest
        while slot >= 0 {
            slots.append(slot)
            slot = self.slots[Int(slot)].olderVariant
        }
        var table = VariantTable()
        for slot in slots.reversed() {
            if let response = self.slots[Int(slot)].response { table.set(slot, for: response.variant) }
        }
        return table
    }

    private func oldestVariant(from newest: Int32) -> Int32 {
        var slot = newest
        while self.slots[Int(slot)].olderVariant >= 0 { slot = self.slots[Int(slot)].olderVariant }
        return slot
    }

    // MARK: Removing

    /// What was removed, to be released outside of the lock, which can take long.
    struct Removed {
        private(set) var responses: [StoredResponse] = []
        private(set) var bytes = 0

        mutating func add(_ slot: CacheSlot) {
            guard let response = slot.response else { return }
            self.responses.append(response)
            self.bytes += slot.size
        }
    }

    struct Evicted {
        let response: StoredResponse
        let size: Int
        /// Whether it was of no more use.
        let isExpired: Bool
    }

    /// Removes the response that is the least likely to be of use. Nil if there is none.
    mutating func evict(at now: Int64) -> Evicted? {
        var looks = 0
        while true {
            let isSmall = self.main.count == 0 || self.small.count > 0 && self.small.bytes * 10 > self.bytes
            let slot = isSmall ? self.small.oldest : self.main.oldest
            guard slot >= 0, let response = self.slots[Int(slot)].response else { return nil }
            looks += 1
            let isExpired = response.usefulUntil <= now
            if !isExpired, looks < Self.maximumLooks, self.staysInUse(slot, isSmall: isSmall) { continue }
            if isSmall, !isExpired { self.ghosts.insert(response.hash, capacity: self.count) }
            return Evicted(response: response, size: self.remove(slot).size, isExpired: isExpired)
        }
    }

    /// Moves a response that was used to the newest end of the main queue.
    private mutating func staysInUse(_ slot: Int32, isSmall: Bool) -> Bool {
        let uses = self.slots[Int(slot)].uses
        if isSmall {
            guard uses > 1 else { return false }
            self.small.remove(slot, in: &self.slots)
            self.slots[Int(slot)].uses = 0
            self.slots[Int(slot)].queue = .main
        } else {
            guard uses > 0 else { return false }
            self.main.remove(slot, in: &self.slots)
            self.slots[Int(slot)].uses = uses - 1
        }
        self.main.append(slot, in: &self.slots)
        return true
    }

    /// Looks at the next few responses, and removes those that are of no more use.
    mutating func expire(at now: Int64, looks: Int) -> Removed {
        var removed = Removed()
        for _ in 0..<min(looks, self.slots.count) {
            self.hand = self.hand + 1 < self.slots.count ? self.hand + 1 : 0
            guard let response = self.slots[self.hand].response, response.usefulUntil <= now else { continue }
            removed.add(self.remove(Int32(truncatingIfNeeded: self.hand)))
        }
        return removed
    }

    private mutating func link(_ response: StoredResponse, size: Int) {
        if self.keys.isFull(self.count) { self.addChains() }
        var entry = CacheSlot()
        entry.response = response
        entry.size = size
        let slot: Int32
        if self.free >= 0 {
            slot = self.free
            self.free = self.slots[Int(slot)].nextOfKey
        } else {
            slot = Int32(truncatingIfNeeded: self.slots.count)
            self.slots.append(entry)
        }
        entry.queue = self.ghosts.remove(response.hash, capacity: self.count) ? .main : .small
        self.slots[Int(slot)] = entry
        switch entry.queue {
        case .small: self.small.append(slot, in: &self.slots)
        case .main: self.main.append(slot, in: &self.slots)
        }
        self.chainVariant(slot, response, before: self.slot(of: response.key))
        self.chain(slot, ofURL: response.urlHash)
    }

    /// Makes a response the newest variant of its key.
    private mutating func chainVariant(_ slot: Int32, _ response: StoredResponse, before newest: Int32) {
        self.slots[Int(slot)].olderVariant = newest
        if newest >= 0 {
            self.unchain(newest, response.key)
            self.slots[Int(slot)].variantCount = self.slots[Int(newest)].variantCount &+ 1
        } else {
            self.slots[Int(slot)].variantCount = 1
        }
        self.chain(slot, response)
    }

    private mutating func chain(_ slot: Int32, _ response: StoredResponse) {
        self.slots[Int(slot)].nextOfKey = self.keys[response.key.high]
        self.keys[response.key.high] = slot
    }

    private mutating func remove(_ slot: Int32) -> CacheSlot {
        let removed = self.slots[Int(slot)]
        guard let response = removed.response else { return removed }
        switch removed.queue {
        case .small: self.small.remove(slot, in: &self.slots)
        case .main: self.main.remove(slot, in: &self.slots)
        }
        self.unchainVariant(slot, response)
        self.removeFromTable(response)
        self.unchain(slot, ofURL: response.urlHash)
        self.slots[Int(slot)] = CacheSlot()
        self.slots[Int(slot)].nextOfKey = self.free
        self.free = slot
        return removed
    }

    private mutating func unchainVariant(_ slot: Int32, _ response: StoredResponse) {
        let newest = self.slot(of: response.key)
        let older = self.slots[Int(slot)].olderVariant
        if newest == slot {
            self.unchain(slot, response.key)
            guard older >= 0, let next = self.slots[Int(older)].response else { return }
            self.slots[Int(older)].variantCount = self.slots[Int(slot)].variantCount &- 1
            self.chain(older, next)
        } else {
            var newer = newest
            while newer >= 0, self.slots[Int(newer)].olderVariant != slot {
                newer = self.slots[Int(newer)].olderVariant
            }
            guard newer >= 0 else { return }
            self.slots[Int(newer)].olderVariant = older
            self.slots[Int(newest)].variantCount &-= 1
        }
    }

    /// The response is out of the chain already.
    private mutating func removeFromTable(_ response: StoredResponse) {
        guard !self.variants.isEmpty, self.variants[response.key] != nil else { return }
        let newest = self.slot(of: response.key)
        if newest >= 0, self.slots[Int(newest)].variantCount > Self.maximumWalked {
            self.variants[response.key]?.remove(response.variant)
        } else {
            self.variants[response.key] = nil
        }
    }

    private mutating func unchain(_ slot: Int32, _ key: CacheKey) {
        let next = self.slots[Int(slot)].nextOfKey
        var link = self.keys[key.high]
        if link == slot {
            self.keys[key.high] = next
            return
        }
        while link >= 0, self.slots[Int(link)].nextOfKey != slot { link = self.slots[Int(link)].nextOfKey }
        if link >= 0 { self.slots[Int(link)].nextOfKey = next }
    }

    private mutating func chain(_ slot: Int32, ofURL hash: UInt64) {
        self.slots[Int(slot)].nextOfURL = self.urls[hash]
        self.urls[hash] = slot
    }

    private mutating func unchain(_ slot: Int32, ofURL hash: UInt64) {
        let next = self.slots[Int(slot)].nextOfURL
        var link = self.urls[hash]
        if link == slot {
            self.urls[hash] = next
            return
        }
        while link >= 0, self.slots[Int(link)].nextOfURL != slot { link = self.slots[Int(link)].nextOfURL }
        if link >= 0 { self.slots[Int(link)].nextOfURL = next }
    }

    /// Adds a chain to each table, and moves the slots that belong into it.
    private mutating func addChains() {
        var slot = self.keys.split()
        while slot >= 0 {
            let next = self.slots[Int(slot)].nextOfKey
            if let response = self.slots[Int(slot)].response { self.chain(slot, response) }
            slot = next
        }
        slot = self.urls.split()
        while slot >= 0 {
            let next = self.slots[Int(slot)].nextOfURL
            if let hash = self.slots[Int(slot)].response?.urlHash { self.chain(slot, ofURL: hash) }
            slot = next
        }
    }
}

// MARK: Purges and listing

extension CacheShard {
    /// Purges the responses of a URL. Returns how many matched.
    mutating func purge(url: String, hash: UInt64, by sweep: PurgeSweep, _ removed: inout Removed) -> Int {
        var count = 0
        var slot = self.urls[hash]
        while slot >= 0 {
            let next = self.slots[Int(slot)].nextOfURL
            if self.purge(slot, by: sweep, &removed) { count += 1 }
            slot = next
        }
        return count
    }

    /// Purges what it concerns among a few responses before `end`. Nil once there are no more.
    ///
    /// It goes backwards, because the allocator returns memory from its end: it returns some at a time then, instead of all
    /// at last, with a lock held.
    mutating func purge(before end: Int?, looks: Int, by sweep: PurgeSweep, _ removed: inout Removed) -> (
        next: Int?, count: Int
    ) {
        let end = min(end ?? .max, self.slots.count)
        let start = max(0, end - looks)
        var count = 0
        for slot in (start..<end).reversed() where self.purge(Int32(truncatingIfNeeded: slot), by: sweep, &removed) {
            count += 1
        }
        return (start > 0 ? start : nil, count)
    }

    private mutating func purge(_ slot: Int32, by sweep: PurgeSweep, _ removed: inout Removed) -> Bool {
        guard let response = self.slots[Int(slot)].response, sweep.concerns(response) else { return false }
        if sweep.purge.isSoft {
            self.slots[Int(slot)].response = response.madeStale(at: sweep.now, askedAt: sweep.stamp)
        } else {
            removed.add(self.remove(slot))
        }
        return true
    }

    func list(url: String, hash: UInt64, into listings: inout [CacheListing]) {
        var slot = self.urls[hash]
        while slot >= 0 {
            let entry = self.slots[Int(slot)]
            if let response = entry.response, response.isOf(url: url) {
                listings.append(CacheListing(response: response, size: entry.size, hits: Int(entry.hits)))
            }
            slot = entry.nextOfURL
        }
    }
}
