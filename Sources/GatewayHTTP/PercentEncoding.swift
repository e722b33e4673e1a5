/// Percent-encoding (RFC 3986 section 2.1).
package enum PercentEncoding {
    /// Returns the byte that the escape at `index` encodes, or nil if no complete escape begins there.
    package static func byte(at index: Int, of bytes: UnsafeRawBufferPointer) -> UInt8? {
        guard index + 2 < bytes.count, bytes[index] == UInt8(ascii: "%"),
            let high = ByteClass.hexValue(bytes[index + 1]), let low = ByteClass.hexValue(bytes[index + 2])
        else { return nil }
        return UInt8(truncatingIfNeeded: high << 4 | low)
    }

    package static func isHexDigit(_ byte: UInt8) -> Bool { ByteClass.isHexDigit(byte) }

    /// Returns the uppercase hexadecimal digit of a value below 16.
    package static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }

    /// Returns literal text of a configured path as it appears in a normalized path: everything but visible ASCII is
    /// escaped.
    package static func encoded(_ text: some StringProtocol) -> [UInt8] {
        var result: [UInt8] = []
        for byte in text.utf8 {
            if byte > 0x20, byte < 0x7F {
                result.append(byte)
            } else {
                result += [UInt8(ascii: "%"), self.hexDigit(byte >> 4), self.hexDigit(byte & 15)]
            }
        }
        return result
    }

    /// Returns the decoded text. Incomplete escapes remain unchanged.
    package static func decoded(_ text: Substring) -> String {
        let result = Array(text.utf8).withUnsafeBytes { bytes in
            var result: [UInt8] = []
            var index = 0
            while index < bytes.count {
                if let byte = self.byte(at: index, of: bytes) {
                    result.append(byte)
                    index += 3
                } else {
                    result.append(bytes[index])
                    index += 1
                }
            }
            return result
        }
        return String(decoding: result, as: UTF8.self)
    }
}
