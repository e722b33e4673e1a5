/// Checks text that arrives in pieces, possibly masked, for well-formed UTF-8 (RFC 3629 section 4).
package struct UTF8Validator: Hashable, Sendable {
    /// The number of continuation bytes that the current character still needs.
    private var missing: UInt8 = 0
    /// The range of the next continuation byte, which is narrower after some first bytes.
    private var lower: UInt8 = 0x80
    private var upper: UInt8 = 0xBF

    package init() {}

    /// Whether the text may end here.
    package var isComplete: Bool { self.missing == 0 }

    /// Reads the next piece.
    ///
    /// - Parameter mask: The mask of the piece's first byte, with the key 0 for bytes that are not masked.
    /// - Returns: False if no further bytes can make the text well-formed.
    package mutating func read(_ bytes: UnsafeRawBufferPointer, mask: WebSocketMask) -> Bool {
        let word = mask.word
        var index = 0
        while index < bytes.count {
            // Eight ASCII characters at once. A multiple of four bytes leaves the mask as it is.
            if self.missing == 0 {
                while index &+ 8 <= bytes.count {
                    let eight = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                    if (eight ^ Self.rotated(word, by: index)) & 0x8080_8080_8080_8080 != 0 { break }
                    index &+= 8
                }
                guard index < bytes.count else { break }
            }
            let key = UInt8(truncatingIfNeeded: word >> (8 * UInt64(index & 3)))
            guard self.read(bytes[index] ^ key) else { return false }
            index &+= 1
        }
        return true
    }

    private static func rotated(_ word: UInt64, by index: Int) -> UInt64 {
        let bits = UInt64(index & 3) * 8
        return bits == 0 ? word : word >> bits | word << (64 - bits)
    }

    private mutating func read(_ byte: UInt8) -> Bool {
        if self.missing > 0 {
            guard byte >= self.lower, byte <= self.upper else { return false }
            self.missing -= 1
            self.lower = 0x80
            self.upper = 0xBF
            return true
        }
        switch byte {
        case 0x00...0x7F: break
        case 0xC2...0xDF: self.missing = 1
        case 0xE0...0xEF:
            self.missing = 2
            // Neither overlong forms nor surrogates.
            if byte == 0xE0 { self.lower = 0xA0 }
            if byte == 0xED { self.upper = 0x9F }
        case 0xF0...0xF4:
            self.missing = 3
            // Neither overlong forms nor values above U+10FFFF.
            if byte == 0xF0 { self.lower = 0x90 }
            if byte == 0xF4 { self.upper = 0x8F }
        default: return false
        }
        return true
    }
}
