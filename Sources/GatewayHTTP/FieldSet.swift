/// A set of field IDs in two words, which shows absent fields without a search through the head.
package struct FieldSet: Hashable, Sendable, ExpressibleByArrayLiteral {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    package init() {}

    package init(arrayLiteral elements: FieldID...) {
        for id in elements { self.insert(id) }
    }

    package mutating func insert(_ id: FieldID) {
        let bit = id.rawValue
        if bit < 64 { self.low |= 1 &<< UInt64(bit) } else { self.high |= 1 &<< UInt64(bit &- 64) }
    }

    package func contains(_ id: FieldID) -> Bool {
        let bit = id.rawValue
        return bit < 64 ? self.low & (1 &<< UInt64(bit)) != 0 : self.high & (1 &<< UInt64(bit &- 64)) != 0
    }

    package func intersects(_ other: FieldSet) -> Bool { self.low & other.low | self.high & other.high != 0 }

    package func subtracting(_ other: FieldSet) -> FieldSet {
        var rest = self
        rest.low &= ~other.low
        rest.high &= ~other.high
        return rest
    }

    package func union(_ other: FieldSet) -> FieldSet {
        var both = self
        both.low |= other.low
        both.high |= other.high
        return both
    }
}
