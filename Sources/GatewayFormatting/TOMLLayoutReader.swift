/// Reads the layout of a document that ``TOMLDocument`` accepts.
///
/// It reports no errors, since the parser did, and relies on the parser's limit of nesting. It ends on any input.
struct TOMLLayoutReader {
    private let bytes: [UInt8]
    private var offset = 0

    init(_ text: String) {
        self.bytes = Array(text.utf8)
        if self.bytes.starts(with: [0xEF, 0xBB, 0xBF]) { self.offset = 3 }
    }

    mutating func document() -> TOMLLayout {
        var layout = TOMLLayout()
        if let end = self.bytes.firstIndex(of: UInt8(ascii: "\n")), end > 0 {
            layout.endsWithCRLF = self.bytes[end - 1] == UInt8(ascii: "\r")
        }
        while true {
            self.skipBlank()
            guard let byte = self.peek() else { return layout }
            if self.newline() {
                layout.lines.append(.blank)
                continue
            }
            switch byte {
            case UInt8(ascii: "#"): layout.lines.append(.comment(self.comment().text))
            case UInt8(ascii: "["):
                let header = self.header()
                layout.lines.append(.header(header, self.trailingComment()))
            default:
                let pair = self.pair()
                layout.lines.append(.pair(pair, self.trailingComment()))
            }
            _ = self.newline()
        }
    }

    // MARK: Keys

    private mutating func header() -> String {
        let isList = self.peek(1) == UInt8(ascii: "[")
        self.offset += isList ? 2 : 1
        let key = self.key()
        for _ in 0..<(isList ? 2 : 1) { self.skip("]") }
        return isList ? "[[\(key)]]" : "[\(key)]"
    }

    private mutating func pair() -> TOMLPair {
        let key = self.key()
        self.skip("=")
        self.skipBlank()
        return TOMLPair(key: key, value: self.value())
    }

    /// Reads a key without the blanks around its dots.
    private mutating func key() -> String {
        var text = ""
        while true {
            self.skipBlank()
            let start = self.offset
            if self.peek() == UInt8(ascii: "\"") || self.peek() == UInt8(ascii: "'") {
                self.skipString()
            } else {
                while let byte = self.peek(), !" \t.=]\r\n".utf8.contains(byte) { self.offset += 1 }
            }
            text += self.text(from: start)
            self.skipBlank()
            guard self.peek() == UInt8(ascii: ".") else { return text }
            text += "."
            self.offset += 1
        }
    }

    // MARK: Values

    /// Reads a value. Consumes at least one byte, if there is one.
    private mutating func value() -> TOMLValue {
        let start = self.offset
        switch self.peek() {
        case UInt8(ascii: "["): return TOMLValue(self.array())
        case UInt8(ascii: "{"): return TOMLValue(self.inlineTable())
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            self.skipString()
            return TOMLValue(scalar: self.text(from: start))
        default:
            // A space may separate a date from its time.
            while let byte = self.peek(), self.offset == start || !",]}#\r\n".utf8.contains(byte) { self.offset += 1 }
            return TOMLValue(scalar: self.textWithoutTrailingBlanks(from: start))
        }
    }

    private mutating func array() -> TOMLArray {
        self.offset += 1
        var array = TOMLArray()
        // Line ends since the last element, comma or comment.
        var lineEnds = 0
        // Whether the last element is the first one on its line, as it will be in a broken array.
        var beginsLine = true
        while let byte = self.peek(), byte != UInt8(ascii: "]") {
            if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") {
                self.offset += 1
            } else if self.newline() {
                lineEnds += 1
                if array.items.isEmpty { array.hasLineBreak = true }
            } else if byte == UInt8(ascii: ",") {
                self.offset += 1
                lineEnds = 0
            } else if byte == UInt8(ascii: "#") {
                let comment = self.comment()
                array.add(beginsLine ? comment : TOMLComment(text: comment.text, column: 0), after: lineEnds)
                lineEnds = 0
            } else {
                if lineEnds > 1, !array.items.isEmpty { array.items.append(.blank) }
                beginsLine = lineEnds > 0
                array.items.append(.element(self.value(), nil))
                lineEnds = 0
            }
        }
        self.skip("]")
        return array
    }

    private mutating func inlineTable() -> [TOMLPair] {
        self.offset += 1
        var pairs: [TOMLPair] = []
        self.skipBlank()
        while let byte = self.peek(), byte != UInt8(ascii: "}") {
            pairs.append(self.pair())
            self.skipBlank()
            self.skip(",")
            self.skipBlank()
        }
        self.skip("}")
        return pairs
    }

    /// Skips any of the four kinds of string.
    private mutating func skipString() {
        guard let quote = self.peek() else { return }
        let isMultiline = self.peek(1) == quote && self.peek(2) == quote
        self.offset += isMultiline ? 3 : 1
        while let byte = self.peek() {
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                self.offset = min(self.offset + 2, self.bytes.count)
                continue
            }
            var run = 0
            while run < 5, self.peek(run) == quote { run += 1 }
            if isMultiline, run > 2 {
                // Up to two quotes may directly precede the closing three.
                self.offset += run
                return
            }
            self.offset += 1
            if !isMultiline, byte == quote { return }
        }
    }

    // MARK: Comments and white space

    private mutating func trailingComment() -> TOMLComment? {
        self.skipBlank()
        return self.peek() == UInt8(ascii: "#") ? self.comment() : nil
    }

    private mutating func comment() -> TOMLComment {
        let start = self.offset
        while let byte = self.peek(), byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r") { self.offset += 1 }
        let before = self.bytes[..<start]
        let line = before[(before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0)...]
        let column = line.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }.count { $0 & 0xC0 != 0x80 }
        return TOMLComment(text: self.textWithoutTrailingBlanks(from: start), column: column)
    }

    private func peek(_ ahead: Int = 0) -> UInt8? {
        self.offset + ahead < self.bytes.count ? self.bytes[self.offset + ahead] : nil
    }

    private mutating func skip(_ character: Unicode.Scalar) {
        if self.peek() == UInt8(ascii: character) { self.offset += 1 }
    }

    private mutating func skipBlank() {
        while self.peek() == UInt8(ascii: " ") || self.peek() == UInt8(ascii: "\t") { self.offset += 1 }
    }

    /// Consumes LF or CRLF and returns whether there was one. Consumes a lone carriage return too, so that reading
    /// ends.
    private mutating func newline() -> Bool {
        let start = self.offset
        self.skip("\r")
        self.skip("\n")
        return self.offset > start
    }

    private func text(from start: Int) -> String { String(decoding: self.bytes[start..<self.offset], as: UTF8.self) }

    private func textWithoutTrailingBlanks(from start: Int) -> String {
        var end = self.offset
        while end > start, self.bytes[end - 1] == UInt8(ascii: " ") || self.bytes[end - 1] == UInt8(ascii: "\t") {
            end -= 1
        }
        return String(decoding: self.bytes[start..<end], as: UTF8.self)
    }
}

extension TOMLArray {
    /// Adds a comment where it belongs: to what precedes it on its line, or on a line by itself.
    fileprivate mutating func add(_ comment: TOMLComment, after lineEnds: Int) {
        switch self.items.last {
        case nil where lineEnds == 0 && self.openingComment == nil:
            self.openingComment = comment
            return
        case .element(let value, nil)? where lineEnds == 0:
            self.items[self.items.count - 1] = .element(value, comment)
            return
        case nil: break
        default: if lineEnds > 1 { self.items.append(.blank) }
        }
        self.items.append(.comment(comment.text))
    }
}
