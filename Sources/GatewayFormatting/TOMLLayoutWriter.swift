/// Writes a layout in the canonical style.
struct TOMLLayoutWriter {
    /// The width of a line in code points beyond which arrays are broken.
    private static let maximumWidth = 100
    private static let indentation = 4

    private let limit: Int
    /// Complete lines without their ends. Line breaks inside strings are part of a line.
    private var lines: [String] = []
    /// The bytes of `lines`.
    private var size = 0
    private var line = ""
    /// The width of `line`, or of what follows the last line break of a string in it.
    private var column = 0
    /// The index in `lines` of the first of the comments directly above the next line.
    private var commentsStart: Int?

    /// - Parameter limit: The maximum size of the text in bytes.
    init(limit: Int) { self.limit = limit }

    /// Returns the text of the layout, or nil if it exceeds the limit.
    mutating func text(of layout: TOMLLayout) -> String? {
        for line in layout.lines {
            self.write(line)
            if self.size > self.limit { return nil }
        }
        if self.lines.last?.isEmpty == true { self.lines.removeLast() }
        let end = layout.endsWithCRLF ? "\r\n" : "\n"
        guard self.size + self.lines.count * end.utf8.count <= self.limit else { return nil }
        return self.lines.map { $0 + end }.joined()
    }

    private mutating func write(_ line: TOMLLayout.Line) {
        var isComment = false
        switch line {
        case .blank:
            if self.lines.last?.isEmpty == false { self.lines.append("") }
        case .comment(let text):
            isComment = true
            if self.commentsStart == nil { self.commentsStart = self.lines.count }
            self.write(text)
            self.endLine(nil)
        case .header(let text, let comment):
            // Comments directly above a header belong to it.
            let start = self.commentsStart ?? self.lines.count
            if start > 0, !self.lines[start - 1].isEmpty { self.lines.insert("", at: start) }
            self.write(text)
            self.endLine(comment)
        case .pair(let pair, let comment):
            self.write(pair, indent: 0)
            self.endLine(comment)
        }
        if !isComment { self.commentsStart = nil }
    }

    private mutating func write(_ pair: TOMLPair, indent: Int) {
        self.write(pair.key)
        self.write(" = ")
        self.write(pair.value, indent: indent, suffix: 0)
    }

    /// - Parameters:
    ///   - indent: Of the line on which the value begins.
    ///   - suffix: The width of what follows on the same line.
    private mutating func write(_ value: TOMLValue, indent: Int, suffix: Int) {
        // Once the limit is exceeded, the result is not used.
        guard self.size <= self.limit else { return }
        switch value.form {
        case .scalar(let text): self.write(text)
        case .inlineTable(let pairs):
            self.write(pairs.isEmpty ? "{" : "{ ")
            for (index, pair) in pairs.enumerated() {
                if index > 0 { self.write(", ") }
                self.write(pair, indent: indent)
            }
            self.write(pairs.isEmpty ? "}" : " }")
        case .array(let array):
            let isBroken = value.width.map { self.column + $0 + suffix > Self.maximumWidth } ?? true
            if isBroken, array.openingComment != nil || !array.items.isEmpty {
                self.writeBroken(array, indent: indent)
            } else {
                self.writeFlat(array, indent: indent)
            }
        }
    }

    private mutating func writeFlat(_ array: TOMLArray, indent: Int) {
        self.write("[")
        for (index, item) in array.items.enumerated() {
            if index > 0 { self.write(", ") }
            // The suffix leaves the decision to the array around this element.
            if case .element(let value, _) = item { self.write(value, indent: indent, suffix: 0) }
        }
        self.write("]")
    }

    private mutating func writeBroken(_ array: TOMLArray, indent: Int) {
        let inner = indent + Self.indentation
        self.write("[")
        self.endLine(array.openingComment, indent: indent)
        for item in array.items {
            switch item {
            case .blank: self.endLine(nil)
            case .comment(let text):
                self.write(blanks: inner)
                self.write(text)
                self.endLine(nil)
            case .element(let value, let comment):
                self.write(blanks: inner)
                self.write(value, indent: inner, suffix: 1)
                self.write(",")
                self.endLine(comment, indent: inner)
            }
        }
        self.write(blanks: indent)
        self.write("]")
    }

    // MARK: Lines

    private mutating func write(_ text: String) {
        self.line += text
        if let end = text.utf8.lastIndex(of: UInt8(ascii: "\n")) {
            self.column = text[end...].unicodeScalars.count - 1
        } else {
            self.column += text.unicodeScalars.count
        }
    }

    private mutating func write(blanks count: Int) { self.write(String(repeating: " ", count: count)) }

    /// Ends the line with a comment, which keeps its column if there is room and no string spans several lines.
    ///
    /// - Parameter indent: The indentation of the line.
    private mutating func endLine(_ comment: TOMLComment?, indent: Int = 0) {
        if let comment {
            // A limit, since indentation and padding would otherwise multiply the size of a hostile document.
            let isOneLine = !self.line.utf8.contains(UInt8(ascii: "\n"))
            let column = isOneLine ? indent + min(comment.column, Self.maximumWidth) : 0
            self.write(blanks: max(column - self.column, 1))
            self.write(comment.text)
        }
        self.lines.append(self.line)
        self.size += self.line.utf8.count
        self.line = ""
        self.column = 0
    }
}
