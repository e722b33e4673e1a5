#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Byte tests for the character classes of RFC 9110 section 5.6 and RFC 3986.
package enum ByteClass {
    /// A set of ASCII characters with one bit for each, which needs no table in memory.
    private struct ASCIISet {
        let low: UInt64
        let high: UInt64

        func contains(_ byte: UInt8) -> Bool {
            let word = byte & 0x40 == 0 ? self.low : self.high
            return byte < 0x80 && word &>> UInt64(byte & 0x3F) & 1 != 0
        }
    }

    /// Letters, digits and ``!#$%&'*+-.^_`|~`` (RFC 9110 section 5.6.2).
    private static let tokens = ASCIISet(low: 0x03FF_6CFA_0000_0000, high: 0x57FF_FFFF_C7FF_FFFE)
    /// unreserved and sub-delims of RFC 3986, except the comma: some servers read it as a separator between two hosts
    /// that a hop joined. Letters, digits and `-._~!$&'()*+;=`.
    private static let registeredNames = ASCIISet(low: 0x2BFF_6FD2_0000_0000, high: 0x47FF_FFFE_87FF_FFFE)

    package static func isTokenByte(_ byte: UInt8) -> Bool { self.tokens.contains(byte) }

    /// Whether two names of the same length differ only in case, or in bytes that are neither letters nor digits.
    static func isSpelledLike(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        for index in left.indices {
            let (one, other) = (left[index], right[index])
            if one == other { continue }
            if self.isLetterOrDigit(one) {
                guard one.isASCIILetter, one | 0x20 == other | 0x20 else { return false }
            } else if self.isLetterOrDigit(other) {
                return false
            }
        }
        return true
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool { byte.isASCIILetter || byte &- 0x30 < 10 }

    package static func isToken(_ bytes: some Sequence<UInt8>) -> Bool {
        var isEmpty = true
        for byte in bytes {
            guard self.isTokenByte(byte) else { return false }
            isEmpty = false
        }
        return !isEmpty
    }

    /// Whether a field value may contain the byte: visible characters, spaces, tabs and obs-text, but no other
    /// control characters (RFC 9110 section 5.5).
    static func isFieldByte(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F || byte == 0x09 }

    package static func isFieldValue(_ bytes: UnsafeRawBufferPointer) -> Bool {
        self.fieldValueEnd(in: bytes, from: 0) == bytes.count
    }

    /// Returns the index of the first byte that a field value may not contain, or the count. It checks eight bytes at
    /// a time, because values make up most of a head.
    package static func fieldValueEnd(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highBits = ones &* 0x80
        var position = start
        while position &+ 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            let delete = word ^ (ones &* 0x7F)
            // The high bit of each byte that is below 0x20, or is 0x7F. Exact up to the first such byte; later ones
            // do not matter.
            let stops = (((word &- ones &* 0x20) & ~word) | ((delete &- ones) & ~delete)) & highBits
            if stops == 0 {
                position &+= 8
                continue
            }
            position &+= stops.trailingZeroBitCount / 8
            guard bytes[position] == 0x09 else { return position }
            position &+= 1
        }
        while position < bytes.count, self.isFieldByte(bytes[position]) { position &+= 1 }
        return position
    }

    /// Whether a request target may contain the byte: visible ASCII without "#", because a target has no fragment
    /// (RFC 9112 section 3.2).
    package static func isTargetByte(_ byte: UInt8) -> Bool { byte &- 0x21 < 0x5E && byte != UInt8(ascii: "#") }

    /// Whether the bytes are a nonempty `uri-host [ ":" port ]` (RFC 3986 section 3.2.2).
    package static func isAuthority(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var end = bytes.count
        var digits = end
        while digits > 0, self.isDigit(bytes[digits - 1]) { digits -= 1 }
        if digits > 0, bytes[digits - 1] == UInt8(ascii: ":") {
            var port = 0
            for index in digits..<end { port = min(port &* 10 &+ Int(bytes[index] & 0x0F), 100_000) }
            guard port <= 65_535 else { return false }
            end = digits - 1
        }
        guard end > 0 else { return false }
        if bytes[0] == UInt8(ascii: "[") {
            guard end > 3, bytes[end - 1] == UInt8(ascii: "]") else { return false }
            return IPLiteral.isValid(UnsafeRawBufferPointer(rebasing: bytes[1..<(end - 1)]))
        }
        var index = 0
        while index < end {
            let byte = bytes[index]
            if byte == UInt8(ascii: "%") {
                guard index + 2 < end, let high = self.hexValue(bytes[index + 1]),
                    let low = self.hexValue(bytes[index + 2])
                else { return false }
                // A host contains no control characters, escaped or not.
                let decoded = high << 4 | low
                guard decoded >= 0x20, decoded != 0x7F else { return false }
                index += 3
                continue
            }
            guard self.registeredNames.contains(byte) else { return false }
            index += 1
        }
        return true
    }

    /// Whether a registered name in an authority may contain the byte unescaped.
    static func isNameByte(_ byte: UInt8) -> Bool { self.registeredNames.contains(byte) }

    package static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    package static func isHexDigit(_ byte: UInt8) -> Bool { self.hexValue(byte) != nil }

    package static func hexValue(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte &- UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte &- UInt8(ascii: "a") &+ 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte &- UInt8(ascii: "A") &+ 10)
        default: nil
        }
    }

    package static func equals(_ bytes: UnsafeRawBufferPointer, _ literal: StaticString) -> Bool {
        guard bytes.count == literal.utf8CodeUnitCount else { return false }
        guard let start = bytes.baseAddress else { return true }
        return memcmp(start, literal.utf8Start, bytes.count) == 0
    }

    package static func equals(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        guard left.count == right.count else { return false }
        guard let first = left.baseAddress, let second = right.baseAddress else { return true }
        return memcmp(first, second, left.count) == 0
    }

    /// Compares ASCII letters without regard to case, and all other bytes exactly.
    package static func equalsIgnoringCase(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        guard left.count == right.count else { return false }
        guard let first = left.baseAddress, let second = right.baseAddress else { return true }
        // Both nearly always have the same case.
        if memcmp(first, second, left.count) == 0 { return true }
        for index in 0..<left.count where left[index] != right[index] {
            let lower = left[index] | 0x20
            guard lower == right[index] | 0x20, lower &- UInt8(ascii: "a") < 26 else { return false }
        }
        return true
    }
}

/// Lowercases ASCII letters, for comparing field names and hosts. Other bytes are unchanged.
package func asciiLowercased(_ byte: UInt8) -> UInt8 {
    byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
}

extension UInt8 {
    package var isASCIILetter: Bool { (self | 0x20) &- UInt8(ascii: "a") < 26 }
}
