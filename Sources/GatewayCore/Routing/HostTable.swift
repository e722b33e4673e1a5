import GatewayHTTP
import GatewaySettings

/// Maps the host of a request to the matching host patterns, most specific first.
///
/// Names are hashed from the end, so that one pass yields the hashes of all suffixes. Each entry links to the next less
/// specific entry, so that the cost of a lookup does not depend on the number of hosts and wildcards.
struct HostTable: Sendable {
    private struct Slot {
        var hash: UInt32
        var offset: Int32
        var length: Int32
        /// The entry; negative for an empty slot.
        var entry: Int32
    }

    private var names: [UInt8] = []
    private var exact: [Slot]
    private var suffixes: [Slot]
    /// The next less specific entry for each entry; negative if there is none.
    private var next: [Int32]
    private let any: Int32

    /// - Parameter patterns: The patterns, without duplicates. The index of a pattern is its entry.
    init(_ patterns: [HostPattern]) {
        exact = Self.emptySlots(for: patterns.count)
        suffixes = exact
        next = Array(repeating: -1, count: patterns.count)
        any = Int32(patterns.firstIndex(of: .any) ?? -1)
        for (entry, pattern) in patterns.enumerated() {
            switch pattern {
            case .any: break
            case .exact(let name): insert(name, entry, into: \.exact)
            case .suffix(let suffix): insert(suffix, entry, into: \.suffixes)
            }
        }
        for (entry, pattern) in patterns.enumerated() {
            let shorter: Int32? =
                switch pattern {
                case .any: nil
                case .exact(let name): Array(name.utf8).withUnsafeBytes { longestSuffix(of: $0, length: $0.count) }
                case .suffix(let suffix):
                    Array(suffix.utf8.dropFirst()).withUnsafeBytes { longestSuffix(of: $0, length: $0.count) }
                }
            if let shorter { next[entry] = shorter }
        }
    }

    /// Returns the most specific entry that matches a host, or nil if none does.
    func entry(for host: UnsafeRawBufferPointer) -> Int? {
        if next.isEmpty || (next.count == 1 && any == 0) { return any < 0 ? nil : 0 }
        let length = HostPattern.significantLength(of: host)
        var hash = FNV1a.seed32
        var index = length
        while index > 0 {
            index -= 1
            hash = FNV1a.combine(hash, asciiLowercased(host[index]))
        }
        let found = lookUp(exact, hash, host, from: 0, to: length) ?? longestSuffix(of: host, length: length)
        return found < 0 ? nil : Int(found)
    }

    /// Returns the next less specific entry that matches the same hosts, or nil if there is none.
    func entry(after entry: Int) -> Int? {
        let following = next[entry]
        return following < 0 ? nil : Int(following)
    }

    /// Returns the longest wildcard that matches a name, or else the entry for any host, or else a negative number.
    private func longestSuffix(of host: UnsafeRawBufferPointer, length: Int) -> Int32 {
        var found = any
        if host.first == UInt8(ascii: "[") { return found }
        var hash = FNV1a.seed32
        var index = length - 1
        while index > 0 {
            let byte = asciiLowercased(host[index])
            hash = FNV1a.combine(hash, byte)
            if byte == UInt8(ascii: "."), host[0] != byte,
                let entry = lookUp(suffixes, hash, host, from: index, to: length)
            {
                found = entry
            }
            index -= 1
        }
        return found
    }

    private func lookUp(
        _ slots: [Slot],
        _ hash: UInt32,
        _ host: UnsafeRawBufferPointer,
        from start: Int,
        to end: Int
    ) -> Int32? {
        let mask = slots.count - 1
        var position = Int(hash) & mask
        while slots[position].entry >= 0 {
            let slot = slots[position]
            if slot.hash == hash, Int(slot.length) == end - start,
                isName(at: Int(slot.offset), host, from: start, to: end)
            {
                return slot.entry
            }
            position = (position + 1) & mask
        }
        return nil
    }

    private func isName(at offset: Int, _ host: UnsafeRawBufferPointer, from start: Int, to end: Int) -> Bool {
        for index in start..<end where asciiLowercased(host[index]) != names[offset + index - start] { return false }
        return true
    }

    private mutating func insert(_ name: String, _ entry: Int, into table: WritableKeyPath<HostTable, [Slot]>) {
        let hash = name.utf8.reversed().reduce(FNV1a.seed32) { FNV1a.combine($0, $1) }
        let mask = self[keyPath: table].count - 1
        var position = Int(hash) & mask
        while self[keyPath: table][position].entry >= 0 { position = (position + 1) & mask }
        self[keyPath: table][position] = Slot(
            hash: hash,
            offset: Int32(names.count),
            length: Int32(name.utf8.count),
            entry: Int32(entry)
        )
        names += name.utf8
    }

    /// Returns a table that is at most half full with `count` entries, so that probe sequences are short.
    private static func emptySlots(for count: Int) -> [Slot] {
        var capacity = 2
        while capacity < count * 2 { capacity *= 2 }
        return Array(repeating: Slot(hash: 0, offset: 0, length: 0, entry: -1), count: capacity)
    }
}
