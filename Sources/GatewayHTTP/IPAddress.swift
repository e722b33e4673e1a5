/// An IPv4 or IPv6 address. An IPv4-mapped IPv6 address becomes the IPv4 address that it maps.
public struct IPAddress: Hashable, Sendable {
    /// The upper half of the 128 bits. An IPv4 address is in the lowest 32 bits of `low`.
    package let high: UInt64
    package let low: UInt64
    public let isIPv6: Bool

    package init(ipv4 bits: UInt32) {
        self.init(high: 0, low: UInt64(bits), isIPv6: false)
    }

    package init(ipv6High high: UInt64, low: UInt64) {
        if high == 0, low >> 32 == 0xFFFF {
            self.init(ipv4: UInt32(truncatingIfNeeded: low))
        } else {
            self.init(high: high, low: low, isIPv6: true)
        }
    }

    private init(high: UInt64, low: UInt64, isIPv6: Bool) {
        self.high = high
        self.low = low
        self.isIPv6 = isIPv6
    }

    /// Parses `192.0.2.1` or `2001:db8::1` (RFC 4291 section 2.2), without brackets, port or zone.
    public init?(_ text: some StringProtocol) {
        let text = Substring(text)
        if let bits = Self.ipv4(text) {
            self.init(ipv4: bits)
        } else if let (high, low) = Self.ipv6(text) {
            self.init(ipv6High: high, low: low)
        } else {
            return nil
        }
    }

    private static func ipv4(_ text: Substring) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            // Some readers interpret a leading zero as octal, others as decimal.
            guard let octet = Int(digits: part), octet < 256, part.utf8.count == 1 || part.utf8.first != 0x30 else {
                return nil
            }
            bits = bits << 8 | UInt32(octet)
        }
        return bits
    }

    private static func ipv6(_ text: Substring) -> (UInt64, UInt64)? {
        guard text.utf8.count <= 45, text.utf8.contains(0x3A) else { return nil }
        var halves: [[UInt16]] = [[]]
        var parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)[...]
        // "::" at either end yields one extra empty part.
        if text.hasPrefix("::") { parts.removeFirst() } else if text.hasPrefix(":") { return nil }
        if text.hasSuffix(":"), !text.hasSuffix("::") { return nil }
        if parts.count > 1, let last = parts.last, last.isEmpty, parts[parts.endIndex - 2].isEmpty {
            parts.removeLast()
        }
        for (index, part) in zip(parts.indices, parts) {
            if part.isEmpty {
                guard halves.count == 1 else { return nil }
                halves.append([])
            } else if index == parts.endIndex - 1, let bits = ipv4(part[...]) {
                halves[halves.count - 1] += [UInt16(truncatingIfNeeded: bits >> 16), UInt16(truncatingIfNeeded: bits)]
            } else {
                guard part.utf8.count <= 4, part.allSatisfy(\.isHexDigit), let group = UInt16(part, radix: 16) else {
                    return nil
                }
                halves[halves.count - 1].append(group)
            }
        }
        let written = halves.reduce(0) { $0 + $1.count }
        guard halves.count == 1 ? written == 8 : written < 8 else { return nil }
        let groups =
            halves.count == 1
            ? halves[0] : halves[0] + [UInt16](repeating: 0, count: 8 - written) + halves[1]
        let value = { (range: Range<Int>) in groups[range].reduce(UInt64(0)) { $0 << 16 | UInt64($1) } }
        return (value(0..<4), value(4..<8))
    }
}

extension IPAddress: CustomStringConvertible {
    /// The canonical text (RFC 5952 for IPv6).
    public var description: String {
        guard isIPv6 else { return (0..<4).map { String(low >> (24 - 8 * $0) & 0xFF) }.joined(separator: ".") }
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: ($0 < 4 ? high : low) >> (48 - 16 * ($0 % 4))) }
        var longest = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > max(1, longest.count) { longest = start..<end }
            start = max(end, start + 1)
        }
        let text = { (range: Range<Int>) in groups[range].map { String($0, radix: 16) }.joined(separator: ":") }
        return longest.isEmpty ? text(0..<8) : text(0..<longest.lowerBound) + "::" + text(longest.upperBound..<8)
    }
}
