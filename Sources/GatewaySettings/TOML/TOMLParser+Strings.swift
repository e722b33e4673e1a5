extension TOMLParser {
    /// Parses any of the four kinds of string, and notes where its text is not next to its opening quote.
    mutating func string() throws(TOMLError) -> String {
        let start = position
        guard let quote = peek() else { return "" }
        let isBasic = quote == UInt8(ascii: "\"")
        let isMultiline = peek(1) == quote && peek(2) == quote
        offset += isMultiline ? 3 : 1
        // A newline right after the opening quotes is not part of the string.
        if isMultiline { _ = try newline() }
        var content: [UInt8] = []
        self.anchors = []
        if isMultiline { self.anchors.append(self.anchor(of: content)) }
        while true {
            switch peek() {
            case quote:
                if try closes(quote, isMultiline, &content) { return String(decoding: content, as: UTF8.self) }
            case UInt8(ascii: "\\") where isBasic:
                offset += 1
                try escape(into: &content, isMultiline: isMultiline)
                self.anchors.append(self.anchor(of: content))
            case UInt8(ascii: "\n") where isMultiline, UInt8(ascii: "\r") where isMultiline:
                // Normalize CRLF to LF so that a file reads the same on every platform.
                if try newline() { content.append(UInt8(ascii: "\n")) }
                self.anchors.append(self.anchor(of: content))
            case nil, UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                let quotes = String(repeating: isBasic ? "\"" : "'", count: isMultiline ? 3 : 1)
                throw TOMLError(
                    problem: "the string has no end",
                    suggestion: "write \(quotes) after it",
                    position: start
                )
            case let byte?:
                if byte < 0x20 && byte != 0x09 || byte == 0x7F {
                    throw error("a string has a control character", "write it as \\u00XX in double quotes")
                }
                content.append(byte)
                offset += 1
            }
        }
    }

    private mutating func anchor(of content: [UInt8]) -> TextAnchor {
        TextAnchor(offset: content.count, position: self.markedPosition())
    }

    /// Consumes the quotes at the offset and returns whether they end the string.
    private mutating func closes(_ quote: UInt8, _ isMultiline: Bool, _ content: inout [UInt8]) throws(TOMLError)
        -> Bool
    {
        guard isMultiline else {
            offset += 1
            return true
        }
        var run = 0
        while peek(run) == quote, run < 6 { run += 1 }
        guard run < 6 else { throw error("six quotes in a row", "escape some of them as \\\"") }
        offset += run
        // Up to two quotes may directly precede the closing three.
        content += Array(repeating: quote, count: run >= 3 ? run - 3 : run)
        return run >= 3
    }

    /// Parses the escape sequence after a backslash.
    private mutating func escape(into content: inout [UInt8], isMultiline: Bool) throws(TOMLError) {
        let known: [UInt8: UInt8] = [
            UInt8(ascii: "b"): 0x08, UInt8(ascii: "t"): 0x09, UInt8(ascii: "n"): 0x0A, UInt8(ascii: "f"): 0x0C,
            UInt8(ascii: "r"): 0x0D, UInt8(ascii: "\""): 0x22, UInt8(ascii: "\\"): 0x5C,
        ]
        switch peek() {
        case let byte? where known[byte] != nil:
            offset += 1
            content.append(known[byte] ?? byte)
        case UInt8(ascii: "u"): try codePoint(digits: 4, into: &content)
        case UInt8(ascii: "U"): try codePoint(digits: 8, into: &content)
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"):
            guard isMultiline else { fallthrough }
            try foldLines()
        default:
            throw error("\"\\\" and \(found) are not an escape", "write \\\\ for a backslash, or use single quotes")
        }
    }

    /// Skips the white space and line ends after a backslash at the end of a line.
    private mutating func foldLines() throws(TOMLError) {
        var hasEnded = false
        while true {
            if try newline() {
                hasEnded = true
            } else if peek() == UInt8(ascii: " ") || peek() == UInt8(ascii: "\t") {
                offset += 1
            } else {
                break
            }
        }
        if !hasEnded { throw error("a backslash before a blank", "write \\\\ for a backslash") }
    }

    private mutating func codePoint(digits: Int, into content: inout [UInt8]) throws(TOMLError) {
        let text = bytes[(offset + 1)...].prefix(digits)
        let isHex = text.count == digits && text.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit && $0 < 0x80 }
        guard isHex, let value = UInt32(String(decoding: text, as: UTF8.self), radix: 16),
            let scalar = Unicode.Scalar(value)
        else { throw error("the escape is not a character", "write \\u and four hex digits, or \\U and eight") }
        offset += 1 + digits
        content += Array(String(scalar).utf8)
    }
}
