/// Base 64 in the one form that RFC 4648 section 4 allows: padded, without blanks, and with unused bits that are zero.
package enum StrictBase64 {
    /// Returns the decoded bytes; nil for any other text.
    package static func decode(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        guard text.count.isMultiple(of: 4) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        for start in stride(from: 0, to: text.count, by: 4) {
            var bits: UInt32 = 0
            var padding = 0
            for byte in text[start..<start + 4] {
                if byte == UInt8(ascii: "="), start + 4 == text.count {
                    padding += 1
                    bits <<= 6
                } else if padding == 0, let digit = self.value(of: byte) {
                    bits = bits << 6 | UInt32(digit)
                } else {
                    return nil
                }
            }
            guard padding <= 2, bits & (1 << (8 * UInt32(padding)) - 1) == 0 else { return nil }
            for shift in [16, 8, 0].prefix(3 - padding) {
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(shift)))
            }
        }
        return bytes
    }

    private static func value(of byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
