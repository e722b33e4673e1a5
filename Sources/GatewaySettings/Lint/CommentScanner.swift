/// Finds the comments of a TOML document, and no `#` in a string (TOML 1.0, section "Comment").
struct CommentScanner {
    struct Comment {
        /// The text after `#`.
        let text: Substring
        /// Starts at 1.
        let line: Int
        /// In characters. Starts at 1.
        let column: Int
        /// Whether there is nothing else on the line.
        let isAlone: Bool
    }

    private let text: String
    private var index: String.UTF8View.Index
    private var line = 1
    private var lineStart: String.UTF8View.Index
    /// Whether the line has something before the index.
    private var hasContent = false

    init(_ text: String) {
        self.text = text
        self.index = text.utf8.startIndex
        self.lineStart = self.index
    }

    /// Returns the next comment, or nil at the end.
    mutating func next() -> Comment? {
        while let byte = self.peek() {
            switch byte {
            case UInt8(ascii: "#"): return self.comment()
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                self.skipString(byte)
                self.hasContent = true
            default:
                if ![UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r")].contains(byte) {
                    self.hasContent = true
                }
                self.advance()
            }
        }
        return nil
    }

    private mutating func comment() -> Comment {
        let start = self.index
        while let byte = self.peek(), byte != UInt8(ascii: "\n") {
            self.index = self.text.utf8.index(after: self.index)
        }
        let text = Substring(self.text[start..<self.index].unicodeScalars.dropFirst())
        let column = self.text.distance(from: self.lineStart, to: start) + 1
        return Comment(text: text, line: self.line, column: column, isAlone: !self.hasContent)
    }

    private mutating func skipString(_ quote: UInt8) {
        let isMultiline = self.has(3, quote)
        self.advance(isMultiline ? 3 : 1)
        while let byte = self.peek() {
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                self.advance(2)
            } else if byte == quote, !isMultiline || self.has(3, quote) {
                self.advance(isMultiline ? 3 : 1)
                // Up to two quotes may directly precede the closing three.
                if isMultiline { while self.peek() == quote { self.advance() } }
                return
            } else {
                self.advance()
            }
        }
    }

    private func peek() -> UInt8? {
        self.index < self.text.utf8.endIndex ? self.text.utf8[self.index] : nil
    }

    private func has(_ count: Int, _ byte: UInt8) -> Bool {
        let rest = self.text.utf8[self.index...].prefix(count)
        return rest.count == count && rest.allSatisfy { $0 == byte }
    }

    private mutating func advance(_ count: Int = 1) {
        for _ in 0..<count {
            guard let byte = self.peek() else { return }
            self.index = self.text.utf8.index(after: self.index)
            if byte == UInt8(ascii: "\n") {
                self.line += 1
                self.lineStart = self.index
                self.hasContent = false
            }
        }
    }
}
