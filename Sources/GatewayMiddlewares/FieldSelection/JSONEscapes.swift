import GatewayHTTP

/// The escapes in the strings of JSON (RFC 8259 section 7).
enum JSONEscapes {
    /// Decodes a string that is well formed.
    ///
    /// - Parameter string: The string without its quotation marks.
    /// - Returns: Whether the string is text: a surrogate without its other half is none.
    static func decode(_ string: UnsafeRawBufferPointer, into text: inout ContiguousArray<UInt8>) -> Bool {
        text.removeAll(keepingCapacity: true)
        var index = 0
        while index < string.count {
            let byte = string[index]
            guard byte == UInt8(ascii: "\\"), index + 1 < string.count else {
                text.append(byte)
                index += 1
                continue
            }
            let escaped = string[index + 1]
            index += 2
            switch escaped {
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "f"): text.append(0x0C)
            case UInt8(ascii: "n"): text.append(0x0A)
            case UInt8(ascii: "r"): text.append(0x0D)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "u"):
                guard let scalar = self.scalar(at: &index, of: string) else { return false }
                text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            default: text.append(escaped)
            }
        }
        return true
    }

    /// - Parameter index: The first of four digits; on return, the byte after the escapes of the character.
    private static func scalar(at index: inout Int, of string: UnsafeRawBufferPointer) -> Unicode.Scalar? {
        guard let unit = self.unit(at: index, of: string) else { return nil }
        index += 4
        guard 0xD800..<0xDC00 ~= unit else { return Unicode.Scalar(unit) }
        guard index + 2 <= string.count, string[index] == UInt8(ascii: "\\"), string[index + 1] == UInt8(ascii: "u"),
            let low = self.unit(at: index + 2, of: string), 0xDC00..<0xE000 ~= low
        else { return nil }
        index += 6
        return Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
    }

    private static func unit(at index: Int, of string: UnsafeRawBufferPointer) -> UInt32? {
        guard index + 4 <= string.count else { return nil }
        var unit: UInt32 = 0
        for position in index..<(index + 4) {
            guard let digit = ByteClass.hexValue(string[position]) else { return nil }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }
}
