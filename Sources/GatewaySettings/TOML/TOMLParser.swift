/// Parses TOML 1.0 (https://toml.io/en/v1.0.0) and records the line and column of every key and value.
struct TOMLParser {
    private let file: String
    let bytes: [UInt8]
    var offset = 0
    private var line = 1
    /// A position in the current line that is known, so that long lines are read in linear time.
    private var known = (offset: 0, column: 1)
    /// The nesting depth of the current value. It is limited so that hostile input cannot overflow the stack.
    private var depth = 0
    private static let maximumDepth = 100
    /// Those of the last string.
    var anchors: [TextAnchor] = []

    private typealias Key = (name: String, position: SourcePosition)

    init(_ text: String, file: String) {
        bytes = Array(text.utf8)
        self.file = file
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            offset = 3
            known.offset = 3
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

    /// Parses `[a.b]` or `[[a.b]]` and returns the table that the keys below it belong to.
    private mutating func header(_ root: TOMLTree) throws(TOMLError) -> TOMLTree {
        let position = position
        offset += 1
        let isList = peek() == UInt8(ascii: "[")
        if isList { offset += 1 }
        let keys = try dottedKey()
        for _ in 0..<(isList ? 2 : 1) {
            guard peek() == UInt8(ascii: "]") else {
                throw TOMLError(
                    problem: "the table header has no \"\(isList ? "]]" : "]")\"",
                    suggestion: "write \(header(keys, isList: isList))",
                    position: position
                )
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

    /// Returns the existing table that a header passes through.
    private func superTable(_ tree: TOMLTree, _ key: Key) throws(TOMLError) -> TOMLTree {
        switch tree.origin {
        case .header, .superTable, .dottedKey: return tree
        case .listOfTables: return tree.lastElement ?? tree
        case .value: throw defined(key, earlier: tree)
        }
    }

    /// Returns the header line that starts a table.
    private func header(_ keys: [Key], isList: Bool) -> String {
        var path = SettingPath()
        path.steps = keys.map { .key($0.name) }
        return isList ? "[[\(path)]]" : "[\(path)]"
    }

    /// Tables that are always lists. A second one in single brackets is meant as another element.
    private static let lists: Set<String> = ["routes"]

    private func defined(_ key: Key, in table: TOMLTree, at position: SourcePosition) throws(TOMLError) -> TOMLTree {
        guard let known = table[key.name] else {
            let new = TOMLTree(.table([:]), .header, at: position, key: key.position)
            table.add(key.name, new)
            return new
        }
        if Self.lists.contains(key.name), known.origin == .header || known.origin == .listOfTables {
            let isFirst = known.origin == .header
            throw TOMLError(
                problem: "each route is an element of a list, and needs double brackets",
                suggestion: "write [[\(key.name)]]",
                position: isFirst ? known.position : position
            )
        }
        guard known.origin == .superTable else { throw defined(key, earlier: known) }
        known.origin = .header
        return known
    }

    private func appended(_ key: Key, to table: TOMLTree, at position: SourcePosition) throws(TOMLError) -> TOMLTree {
        let element = TOMLTree(.table([:]), .header, at: position, key: key.position)
        if let known = table[key.name] {
            if Self.lists.contains(key.name), known.origin == .header {
                throw TOMLError(
                    problem: "each route is an element of a list, and needs double brackets",
                    suggestion: "write [[\(key.name)]]",
                    position: known.position
                )
            }
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
            throw error("expected \"=\" after the key, but found \(found)", "write key = value")
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
            problem: "\(JSONText.quoted(key.name)) is already defined in line \(earlier.position.line)",
            suggestion: "remove one, or merge them",
            position: key.position
        )
    }

    private mutating func dottedKey() throws(TOMLError) -> [Key] {
        var keys: [Key] = []
        while true {
            skipBlank()
            let position = markedPosition()
            let start = offset
            if let byte = peek(), byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                guard peek(1) != byte || peek(2) != byte else {
                    throw error("a key cannot be in triple quotes", "use single quotes around it")
                }
                keys.append((try string(), position))
            } else {
                while let byte = peek(), Self.isBareKeyByte(byte) { offset += 1 }
                guard offset > start else {
                    throw error(
                        "expected a key, but found \(found)",
                        "use letters, digits, - and _, or put the key in quotes"
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
        let position = markedPosition()
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
            let text = try string()
            let tree = TOMLTree(.scalar(.string(text)), .value, at: position, key: key)
            tree.anchors = self.anchors
            return tree
        default:
            return TOMLTree(.scalar(try bareValue()), .value, at: position, key: key)
        }
    }

    private mutating func list() throws(TOMLError) -> [TOMLTree] {
        let open = (position: position, line: line)
        offset += 1
        var elements: [TOMLTree] = []
        while true {
            try skipLines()
            if peek() == UInt8(ascii: "]") { break }
            if peek() == nil || line > open.line && isAtNextEntry { throw unclosed(open.position) }
            elements.append(try value(key: nil))
            let end = line
            try skipLines()
            if peek() == UInt8(ascii: "]") { break }
            guard peek() == UInt8(ascii: ",") else {
                if peek() == nil || line > end && isAtNextEntry { throw unclosed(open.position) }
                throw error("expected a comma or \"]\" in the list, but found \(found)", "write \",\" before it")
            }
            offset += 1
        }
        offset += 1
        return elements
    }

    private func unclosed(_ list: SourcePosition) -> TOMLError {
        TOMLError(problem: "the list has no end", suggestion: "write \"]\" after its last value", position: list)
    }

    /// Whether the line continues as `key =` or as a table header. Inside a list, this means that the list is not
    /// closed. Never true of a valid list.
    private var isAtNextEntry: Bool {
        if peek() == UInt8(ascii: "[") {
            var ahead = 1
            while let byte = peek(ahead), Self.isBareKeyByte(byte) || "[].".utf8.contains(byte) { ahead += 1 }
            let word = String(
                decoding: bytes[offset..<offset + ahead].filter { !"[]".utf8.contains($0) },
                as: UTF8.self
            )
            let closes = peek(ahead - 1) == UInt8(ascii: "]") && !word.isEmpty && Self.value(word) == nil
            return closes && [nil, 0x0A, 0x0D, 0x20, 0x23].contains(peek(ahead)) && !Self.isDigit(peek(1))
        }
        var ahead = 0
        while let byte = peek(ahead) {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                guard ahead == 0 || peek(ahead - 1) == UInt8(ascii: "."), let end = endOfQuotedKey(ahead) else {
                    return false
                }
                ahead = end
            } else if Self.isBareKeyByte(byte) || byte == UInt8(ascii: ".") {
                ahead += 1
            } else {
                break
            }
        }
        guard ahead > 0 else { return false }
        while let byte = peek(ahead), byte == 0x20 || byte == 0x09 { ahead += 1 }
        return peek(ahead) == UInt8(ascii: "=")
    }

    /// Returns what follows the quoted key that begins so many bytes ahead; nil if it has no end in its line.
    private func endOfQuotedKey(_ start: Int) -> Int? {
        let quote = peek(start)
        var ahead = start + 1
        while let byte = peek(ahead), byte != UInt8(ascii: "\n") {
            if byte == quote { return ahead + 1 }
            ahead += byte == UInt8(ascii: "\\") && quote == UInt8(ascii: "\"") ? 2 : 1
        }
        return nil
    }

    private static func isDigit(_ byte: UInt8?) -> Bool { byte.map { (0x30...0x39).contains($0) } ?? false }

    private mutating func inlineTable(_ table: TOMLTree) throws(TOMLError) {
        let start = position
        offset += 1
        skipBlank()
        var isFirst = true
        while peek() != UInt8(ascii: "}") || !isFirst {
            try keyValue(into: table)
            skipBlank()
            if peek() == UInt8(ascii: "}") { break }
            guard peek() == UInt8(ascii: ",") else {
                if peek() == nil || peek() == UInt8(ascii: "\n") || peek() == UInt8(ascii: "\r") {
                    throw TOMLError(
                        problem: "the table has no end in its line",
                        suggestion: "write \"}\" after its last value",
                        position: start
                    )
                }
                throw error("expected a comma or \"}\" in the table, but found \(found)", "write \",\" before it")
            }
            offset += 1
            isFirst = false
        }
        offset += 1
    }

    // MARK: White space and positions

    func peek(_ ahead: Int = 0) -> UInt8? {
        offset + ahead < bytes.count ? bytes[offset + ahead] : nil
    }

    /// Records that a line ended just before the offset.
    mutating func lineEnded() {
        line += 1
        known = (offset, 1)
    }

    private mutating func skipBlank() {
        while let byte = peek(), byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { offset += 1 }
    }

    /// Skips blanks, comments and line ends.
    private mutating func skipLines() throws(TOMLError) {
        while true {
            skipBlank()
            if peek() == UInt8(ascii: "#") { try comment() }
            guard try newline() else { return }
        }
    }

    /// Consumes LF or CRLF and returns whether there was one.
    mutating func newline() throws(TOMLError) -> Bool {
        if peek() == UInt8(ascii: "\r") {
            guard peek(1) == UInt8(ascii: "\n") else {
                throw error("a carriage return without a line feed", "end lines with a line feed")
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
                throw error("a comment has \(found)", "remove it")
            }
            offset += 1
        }
    }

    private mutating func endOfLine() throws(TOMLError) {
        skipBlank()
        if peek() == UInt8(ascii: "#") { try comment() }
        if try newline() || peek() == nil { return }
        throw error("expected the end of the line, but found \(found)", "begin a new line before it")
    }

    /// The position of the next byte. Columns count code points.
    package var position: SourcePosition {
        let before = bytes[min(known.offset, offset)..<offset]
        return SourcePosition(file: file, line: line, column: known.column + before.count { $0 & 0xC0 != 0x80 })
    }

    /// Returns the position of the next byte, and counts columns from there from now on.
    mutating func markedPosition() -> SourcePosition {
        let position = position
        known = (offset, position.column)
        return position
    }

    /// Returns an error at the next byte.
    func error(_ problem: String, _ suggestion: String) -> TOMLError {
        TOMLError(problem: problem, suggestion: suggestion, position: position)
    }

    private var tooDeep: TOMLError { error("nested more than \(Self.maximumDepth) levels deep", "nest less deeply") }

    /// A description of the next character for error messages.
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
