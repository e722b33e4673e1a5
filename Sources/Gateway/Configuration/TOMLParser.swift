/// Parses TOML 1.0 (https://toml.io/en/v1.0.0), keeping line and column of every key and value.
struct TOMLParser {
    private let file: String
    let bytes: [UInt8]
    var offset = 0
    private var line = 1
    private var lineStart = 0
    /// How deep the value being read lies; hostile nesting must not use up the stack.
    private var depth = 0
    private static let maximumDepth = 100

    private typealias Key = (name: String, position: SourcePosition)

    init(_ text: String, file: String) {
        bytes = Array(text.utf8)
        self.file = file
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            offset = 3
            lineStart = 3
        }
    }

    mutating func document() throws(TOMLError) -> SettingNode {
        let root = TOMLTree(.table([:]), .header, at: SourcePosition(file: file, line: 1, column: 1))
        var current = root
        while true {
            try skipLines()
            guard let byte = peek() else { return root.node }
            if byte == UInt8(ascii: "[") {
                current = try header(root)
            } else {
                try keyValue(into: current)
            }
            try endOfLine()
        }
    }

    // MARK: Tables

    /// `[a.b]` or `[[a.b]]`; gives the table that the next keys belong to.
    private mutating func header(_ root: TOMLTree) throws(TOMLError) -> TOMLTree {
        let position = position
        offset += 1
        let isList = peek() == UInt8(ascii: "[")
        if isList { offset += 1 }
        let keys = try dottedKey()
        for _ in 0..<(isList ? 2 : 1) {
            guard peek() == UInt8(ascii: "]") else {
                throw error("the table's name ends with \(found)", "write \(isList ? "]]" : "]") after it")
            }
            offset += 1
        }
        var table = root
        for key in keys.dropLast() {
            if let child = table[key.name] {
                table = try superTable(child, key)
            } else {
                let child = TOMLTree(.table([:]), .superTable, at: position, key: key.position)
                table.add(key.name, child)
                table = child
            }
        }
        guard let last = keys.last else { return root }
        return isList
            ? try appended(last, to: table, at: position) : try defined(last, in: table, at: position)
    }

    /// The existing table that a header goes through.
    private func superTable(_ tree: TOMLTree, _ key: Key) throws(TOMLError) -> TOMLTree {
        switch tree.origin {
        case .header, .superTable, .dottedKey: return tree
        case .listOfTables: return tree.lastElement ?? tree
        case .value: throw defined(key, earlier: tree)
        }
    }

    private func defined(_ key: Key, in table: TOMLTree, at position: SourcePosition) throws(TOMLError) -> TOMLTree {
        guard let known = table[key.name] else {
            let new = TOMLTree(.table([:]), .header, at: position, key: key.position)
            table.add(key.name, new)
            return new
        }
        guard known.origin == .superTable else { throw defined(key, earlier: known) }
        known.origin = .header
        return known
    }

    private func appended(_ key: Key, to table: TOMLTree, at position: SourcePosition) throws(TOMLError) -> TOMLTree {
        let element = TOMLTree(.table([:]), .header, at: position, key: key.position)
        if let known = table[key.name] {
            guard known.origin == .listOfTables else { throw defined(key, earlier: known) }
            known.append(element)
        } else {
            table.add(key.name, TOMLTree(.list([element]), .listOfTables, at: position, key: key.position))
        }
        return element
    }

    private mutating func keyValue(into table: TOMLTree) throws(TOMLError) {
        let keys = try dottedKey()
        guard peek() == UInt8(ascii: "=") else {
            throw error("\(found) stands where the key's \"=\" should", "write key = value")
        }
        offset += 1
        skipBlank()
        var branch = table
        for key in keys.dropLast() {
            if let child = branch[key.name] {
                guard child.origin == .dottedKey else { throw defined(key, earlier: child) }
                branch = child
            } else {
                let child = TOMLTree(.table([:]), .dottedKey, at: key.position, key: key.position)
                branch.add(key.name, child)
                branch = child
            }
        }
        guard let last = keys.last else { return }
        if let known = branch[last.name] { throw defined(last, earlier: known) }
        depth += keys.count
        branch.add(last.name, try value(key: last.position))
        depth -= keys.count
    }

    private func defined(_ key: Key, earlier: TOMLTree) -> TOMLError {
        TOMLError(
            problem: "\(JSONText.quoted(key.name)) is already in line \(earlier.position.line)",
            suggestion: "put both together, or take one out",
            position: key.position
        )
    }

    private mutating func dottedKey() throws(TOMLError) -> [Key] {
        var keys: [Key] = []
        while true {
            skipBlank()
            let position = position
            let start = offset
            if let byte = peek(), byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                guard peek(1) != byte || peek(2) != byte else {
                    throw error("a key has three quotes", "write it with one")
                }
                keys.append((try string(), position))
            } else {
                while let byte = peek(), Self.isBareKeyByte(byte) { offset += 1 }
                guard offset > start else {
                    throw error(
                        "\(found) stands where a key should",
                        "write letters, digits, - and _, or put the key in quotes"
                    )
                }
                keys.append((String(decoding: bytes[start..<offset], as: UTF8.self), position))
            }
            guard keys.count <= Self.maximumDepth else { throw tooDeep }
            skipBlank()
            guard peek() == UInt8(ascii: ".") else { return keys }
            offset += 1
        }
    }

    static func isBareKeyByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }

    // MARK: Values

    private mutating func value(key: SourcePosition?) throws(TOMLError) -> TOMLTree {
        let position = position
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { throw tooDeep }
        switch peek() {
        case UInt8(ascii: "["):
            return TOMLTree(.list(try list()), .value, at: position, key: key)
        case UInt8(ascii: "{"):
            let table = TOMLTree(.table([:]), .value, at: position, key: key)
            try inlineTable(table)
            return table
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            return TOMLTree(.scalar(.string(try string())), .value, at: position, key: key)
        default:
            return TOMLTree(.scalar(try bareValue()), .value, at: position, key: key)
        }
    }

    private mutating func list() throws(TOMLError) -> [TOMLTree] {
        offset += 1
        var elements: [TOMLTree] = []
        while true {
            try skipLines()
            if peek() == UInt8(ascii: "]") { break }
            elements.append(try value(key: nil))
            try skipLines()
            if peek() == UInt8(ascii: "]") { break }
            guard peek() == UInt8(ascii: ",") else {
                throw error(
                    "\(found) stands in a list where a comma should",
                    "write \",\" between values and \"]\" at the end"
                )
            }
            offset += 1
        }
        offset += 1
        return elements
    }

    private mutating func inlineTable(_ table: TOMLTree) throws(TOMLError) {
        offset += 1
        skipBlank()
        var isFirst = true
        while peek() != UInt8(ascii: "}") || !isFirst {
            try keyValue(into: table)
            skipBlank()
            if peek() == UInt8(ascii: "}") { break }
            guard peek() == UInt8(ascii: ",") else {
                throw error("\(found) stands in a table where a comma should", "write { a = 1, b = 2 } on one line")
            }
            offset += 1
            isFirst = false
        }
        offset += 1
    }

    // MARK: White space and places

    func peek(_ ahead: Int = 0) -> UInt8? {
        offset + ahead < bytes.count ? bytes[offset + ahead] : nil
    }

    /// Notes that a line ended just before the offset.
    mutating func lineEnded() {
        line += 1
        lineStart = offset
    }

    private mutating func skipBlank() {
        while let byte = peek(), byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { offset += 1 }
    }

    /// Blanks, comments and line ends.
    private mutating func skipLines() throws(TOMLError) {
        while true {
            skipBlank()
            if peek() == UInt8(ascii: "#") { try comment() }
            guard try newline() else { return }
        }
    }

    /// Takes LF or CR LF.
    mutating func newline() throws(TOMLError) -> Bool {
        if peek() == UInt8(ascii: "\r") {
            guard peek(1) == UInt8(ascii: "\n") else {
                throw error("a carriage return stands alone", "end lines with a line feed")
            }
            offset += 1
        }
        guard peek() == UInt8(ascii: "\n") else { return false }
        offset += 1
        lineEnded()
        return true
    }

    private mutating func comment() throws(TOMLError) {
        while let byte = peek(), byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r") {
            if byte < 0x20 && byte != 0x09 || byte == 0x7F {
                throw error("\(found) stands in a comment", "take it out")
            }
            offset += 1
        }
    }

    private mutating func endOfLine() throws(TOMLError) {
        skipBlank()
        if peek() == UInt8(ascii: "#") { try comment() }
        if try newline() || peek() == nil { return }
        throw error("\(found) stands where the line should end", "begin a new line before it")
    }

    /// The place of the next byte; columns count code points.
    var position: SourcePosition {
        let before = bytes[min(lineStart, offset)..<offset]
        return SourcePosition(file: file, line: line, column: before.count { $0 & 0xC0 != 0x80 } + 1)
    }

    /// An error at the next byte.
    func error(_ problem: String, _ suggestion: String) -> TOMLError {
        TOMLError(problem: problem, suggestion: suggestion, position: position)
    }

    private var tooDeep: TOMLError { error("the nesting is over \(Self.maximumDepth) deep", "nest less") }

    /// What stands at the offset, in words.
    var found: String {
        guard let byte = peek() else { return "the end of the file" }
        switch byte {
        case UInt8(ascii: "\n"), UInt8(ascii: "\r"): return "the end of the line"
        case ..<0x20, 0x7F: return "a control character"
        default:
            let rest = String(decoding: bytes[offset..<min(offset + 16, bytes.count)], as: UTF8.self)
            return JSONText.quoted(String(rest.prefix(1)))
        }
    }
}
