import GatewayHTTP

/// The place of a text in a log line, which decides what has to be escaped.
enum LogTextContext: Sendable {
    /// Inside the quotes of a JSON string.
    case json
    /// Inside the quotes of a `key="value"`.
    case quoted
    /// A word of a text line, which must not contain spaces.
    case word
    /// Inside the quotes of the combined log format, whose readers do not support `\"`.
    case combined
}

extension LogLine {
    /// Writes untrusted text, so that it stays within its line and quotes and cannot control a terminal.
    ///
    /// Escapes control characters, invalid UTF-8, line separators and marks that change the direction of text. This is
    /// stricter than JSON, whose other strings `JSONText` escapes.
    mutating func writeLogText(_ bytes: UnsafeRawBufferPointer, _ context: LogTextContext) {
        var start = 0
        var index = 0
        while true {
            index = bytes.endOfPlainLogText(from: index, context)
            guard index < bytes.count else { break }
            let byte = bytes[index]
            let scalar = byte < 0x80 ? nil : UTF8Scalar(in: bytes, at: index)
            if let scalar, !scalar.steersText {
                index += scalar.length
                continue
            }
            write(UnsafeRawBufferPointer(rebasing: bytes[start..<index]))
            if let scalar {
                write("\\u")
                writeHex(UInt16(truncatingIfNeeded: scalar.value))
            } else {
                writeEscape(of: byte, context)
            }
            index += scalar?.length ?? 1
            start = index
        }
        if start < index { write(UnsafeRawBufferPointer(rebasing: bytes[start..<index])) }
    }

    /// The same for a string.
    mutating func writeLogText(_ text: String, _ context: LogTextContext) {
        var text = text
        text.withUTF8 { writeLogText(UnsafeRawBufferPointer($0), context) }
    }

    private mutating func writeEscape(of byte: UInt8, _ context: LogTextContext) {
        switch byte {
        case UInt8(ascii: "\"") where context == .combined, UInt8(ascii: "\\") where context == .combined:
            write("\\x")
            writeHex(byte)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            write(UInt8(ascii: "\\"))
            write(byte)
        case 0x80... where context == .json:
            // JSON is Unicode: an invalid byte becomes the replacement character.
            write("\\ufffd")
        case _ where context == .json:
            write("\\u")
            writeHex(UInt16(byte))
        default:
            write("\\x")
            writeHex(byte)
        }
    }

    private mutating func writeHex(_ value: UInt16) {
        writeHex(UInt8(truncatingIfNeeded: value >> 8))
        writeHex(UInt8(truncatingIfNeeded: value))
    }

    private mutating func writeHex(_ byte: UInt8) {
        let digits = HeadWriter.hexadecimalDigits(UInt32(byte) << 24)
        write(UInt8(truncatingIfNeeded: digits))
        write(UInt8(truncatingIfNeeded: digits >> 8))
    }
}

extension UnsafeRawBufferPointer {
    /// The first position from `start` that may need escaping.
    ///
    /// Log lines are mostly plain text and this search is most of their cost, so it tests eight bytes at once: bytes that are
    /// not plain set their highest bit in `marks`, and possibly that of later bytes.
    func endOfPlainLogText(from start: Int, _ context: LogTextContext) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let least: UInt64 = context == .word ? 0x21 : 0x20
        var index = start
        while index + 8 <= count {
            let word = UInt64(littleEndian: loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let quote = word ^ (ones &* 0x22)
            let backslash = word ^ (ones &* 0x5C)
            let delete = word ^ (ones &* 0x7F)
            let below = (word &- ones &* least) & ~word
            let equal = (quote &- ones) & ~quote | (backslash &- ones) & ~backslash | (delete &- ones) & ~delete
            let marks = (word | below | equal) & (ones &* 0x80)
            if marks != 0 { return index + marks.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < count, self[index].isPlainLogText || self[index] == 0x20 && context != .word { index += 1 }
        return index
    }
}

extension UInt8 {
    /// Visible ASCII without special meaning inside quotes.
    fileprivate var isPlainLogText: Bool {
        self > 0x20 && self < 0x7F && self != UInt8(ascii: "\"") && self != UInt8(ascii: "\\")
    }
}

/// One scalar of more than one byte, as the shortest form encodes it (RFC 3629 section 4).
private struct UTF8Scalar {
    let value: UInt32
    let length: Int

    init?(in bytes: UnsafeRawBufferPointer, at index: Int) {
        let lead = UInt32(bytes[index])
        let least: UInt32
        var scalar: UInt32
        switch lead {
        case 0xC2...0xDF: (length, least, scalar) = (2, 0x80, lead & 0x1F)
        case 0xE0...0xEF: (length, least, scalar) = (3, 0x800, lead & 0x0F)
        case 0xF0...0xF4: (length, least, scalar) = (4, 0x10000, lead & 0x07)
        default: return nil
        }
        guard index + length <= bytes.count else { return nil }

        for byte in bytes[index + 1..<index + length] {
            guard byte & 0xC0 == 0x80 else { return nil }
            scalar = scalar << 6 | UInt32(byte & 0x3F)
        }
        guard scalar >= least, scalar <= 0x10FFFF, !(0xD800...0xDFFF).contains(scalar) else { return nil }
        value = scalar
    }

    /// C1 controls, line separators, and marks that change the direction of text. All are below U+10000.
    var steersText: Bool {
        switch value {
        case 0x80...0x9F, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
