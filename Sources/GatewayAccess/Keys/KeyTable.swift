/// API keys by their digests. It never changes, so that all workers share it. A lookup costs the same for ten keys and
/// for a hundred thousand.
package struct KeyTable: Sendable {
    /// What is known about a key.
    package struct Entry: Sendable {
        package var digest: KeyDigest
        /// From when on the key does not work, in seconds since 1970.
        package var expires: Int64
        package var isEnabled: Bool

        package init(digest: KeyDigest, expires: Int64 = .max, isEnabled: Bool = true) {
            self.digest = digest
            self.expires = expires
            self.isEnabled = isEnabled
        }
    }

    package enum OnLookup: Equatable {
        /// The position of the key among those that the table was made of.
        case found(Int)
        case unknown
        case disabled
        case expired
    }

    /// Two keys have the same digest. They are the positions of both.
    package struct Duplicate: Error, Equatable {
        package let first: Int
        package let second: Int
    }

    private let entries: ContiguousArray<Entry>
    /// Positions of entries plus 1, by the low bits of their digests; 0 for none. An entry whose place is taken is in one
    /// of the next ones. At most half of the slots are taken.
    private let slots: ContiguousArray<UInt32>

    /// Creates a table.
    ///
    /// - Throws: The first two keys with the same digest.
    package init(_ entries: some Sequence<Entry>) throws(Duplicate) {
        self.entries = ContiguousArray(entries)
        var size = 16
        while size < self.entries.count * 2 { size *= 2 }
        var slots = ContiguousArray<UInt32>(repeating: 0, count: size)
        for (index, entry) in self.entries.enumerated() {
            var slot = entry.digest.place & (size - 1)
            while slots[slot] != 0 {
                let other = Int(slots[slot]) - 1
                if self.entries[other].digest == entry.digest { throw Duplicate(first: other, second: index) }
                slot = (slot + 1) & (size - 1)
            }
            slots[slot] = UInt32(index + 1)
        }
        self.slots = slots
    }

    package var count: Int { self.entries.count }

    /// Looks for a key.
    ///
    /// - Parameter second: The time, in seconds since 1970.
    package func find(_ digest: KeyDigest, at second: Int64) -> OnLookup {
        let mask = self.slots.count - 1
        var slot = digest.place & mask
        while self.slots[slot] != 0 {
            let index = Int(self.slots[slot]) - 1
            let entry = self.entries[index]
            if entry.digest == digest {
                if !entry.isEnabled { return .disabled }
                return entry.expires > second ? .found(index) : .expired
            }
            slot = (slot + 1) & mask
        }
        return .unknown
    }
}
