import GatewayHTTP

/// The responses of one key that differ by the fields of requests, found by what a request has in these fields.
struct VariantTable: Sendable {
    /// Responses of one URL may name different fields in `Vary`. Only the lists that came last are kept.
    static let maximumLists = 4

    /// The lists of fields, the one that was stored last first.
    private(set) var lists: [[HeaderName]] = []
    private var slots: [Variant: Int32] = [:]

    var count: Int { self.slots.count }

    subscript(variant: Variant) -> Int32? { self.slots[variant] }

    mutating func set(_ slot: Int32, for variant: Variant) {
        self.slots[variant] = slot
        guard self.lists.first != variant.names else { return }
        self.lists.removeAll { $0 == variant.names }
        self.lists.insert(variant.names, at: 0)
    }

    mutating func remove(_ variant: Variant) { self.slots[variant] = nil }

    var hasTooManyLists: Bool { self.lists.count > Self.maximumLists }

    /// Forgets the list of fields that was stored least lately, and returns its slots, which are not found any more.
    mutating func dropList() -> [Int32] {
        guard let names = self.lists.popLast() else { return [] }
        let dropped = self.slots.filter { $0.key.names == names }
        for variant in dropped.keys { self.slots[variant] = nil }
        return Array(dropped.values)
    }
}
