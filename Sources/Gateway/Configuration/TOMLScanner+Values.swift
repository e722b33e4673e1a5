extension TOMLScanner {
    /// Any of the four kinds of string.
    mutating func string() -> String {
        guard let quote = peek() else { return "" }
        let isBasic = quote == UInt8(ascii: "\"")
        let isMultiline = peek(1) == quote && peek(2) == quote
        offset += isMultiline ? 3 : 1
        if isMultiline {
            // A newline right after the opening quotes is not part of the string.
            if peek() == UInt8(ascii: "\r"), peek(1) == UInt8(ascii: "\n") { offset += 1 }
            if peek() == UInt8(ascii: "\n") {
                offset += 1
                lineEnded()
            }
        }
        var content: [UInt8] = []
        while let byte = peek() {
            if byte == quote {
                if !isMultiline {
                    offset += 1
                    break
                }
                var run = 0
                while peek(run) == quote { run += 1 }
                offset += min(run, 5)
                if run >= 3 {
                    // Up to two quotes may stand directly before the closing three.
                    content += Array(repeating: quote, count: min(run, 5) - 3)
                    break
                }
                content += Array(repeating: quote, count: run)
            } else if byte == UInt8(ascii: "\\"), isBasic {
                offset += 1
                escape(into: &content)
            } else {
                content.append(byte)
                offset += 1
                if byte == UInt8(ascii: "\n") { lineEnded() }
            }
        }
        return String(decoding: content, as: UTF8.self)
    }

    /// What stands after a backslash.
    private mutating func escape(into content: inout [UInt8]) {
        guard let byte = peek() else { return }
        offset += 1
        switch byte {
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "e"): content.append(0x1B)
        case UInt8(ascii: "u"): codePoint(digits: 4, into: &content)
        case UInt8(ascii: "U"): codePoint(digits: 8, into: &content)
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"):
            // A backslash at a line's end takes all white space up to the next character.
            offset -= 1
            while let blank = peek(), [0x20, 0x09, 0x0D, 0x0A].contains(blank) {
                offset += 1
                if blank == UInt8(ascii: "\n") { lineEnded() }
            }
        default: content.append(byte)
        }
    }

    private mutating func codePoint(digits: Int, into content: inout [UInt8]) {
        let end = min(offset + digits, bytes.count)
        let text = String(decoding: bytes[offset..<end], as: UTF8.self)
        offset = end
        if let value = UInt32(text, radix: 16), let scalar = Unicode.Scalar(value) {
            content += Array(String(scalar).utf8)
        }
    }

    /// A boolean, number or date.
    mutating func bareValue() -> SettingValue {
        let start = offset
        let ends: [UInt8] = Array(",]}#\r\n".utf8)
        while let byte = peek(), !ends.contains(byte) { offset += 1 }
        while offset > start, bytes[offset - 1] == 0x20 || bytes[offset - 1] == 0x09 { offset -= 1 }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        switch text {
        case "true": return true
        case "false": return false
        case "inf", "+inf": return .number(.infinity)
        case "-inf": return .number(-.infinity)
        case "nan", "+nan", "-nan": return .number(.nan)
        default: break
        }
        let plain = text.filter { $0 != "_" }
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where plain.hasPrefix(prefix) {
            return Int(plain.dropFirst(2), radix: radix).map { .integer($0) } ?? .date(text)
        }
        if let integer = Int(plain) { return .integer(integer) }
        if !plain.contains(":"), let number = Double(plain) { return .number(number) }
        return .date(text)
    }
}
