/// Reads keys, values and their places from text that is known to be valid TOML 1.0.
///
/// On invalid text it ends early and gives what it has; it never traps.
struct TOMLScanner {
    private let file: String
    let bytes: [UInt8]
    var offset = 0
    private var line = 1
    private var lineStart = 0
    private var depth = 0

    /// A node that is still growing.
    private final class Branch {
        enum Content {
            case scalar(SettingValue)
            case list([Branch])
            case table([String: Branch])
        }
        var content: Content
        let position: SourcePosition
        let keyPosition: SourcePosition?

        init(_ content: Content, at position: SourcePosition, key: SourcePosition? = nil) {
            self.content = content
            self.position = position
            keyPosition = key
        }

        /// The table of that name, made where there is none; of a list of tables the last.
        func child(_ name: String, at position: SourcePosition, key: SourcePosition) -> Branch {
            guard case .table(let entries) = content else { return self }
            if let child = entries[name] {
                if case .list(let elements) = child.content, let last = elements.last { return last }
                return child
            }
            let child = Branch(.table([:]), at: position, key: key)
            set(name, to: child)
            return child
        }

        func set(_ name: String, to child: Branch) {
            guard case .table(var entries) = content else { return }
            // The only reference must be this one, or each key would copy all before it.
            content = .table([:])
            entries[name] = child
            content = .table(entries)
        }

        func append(to name: String, at position: SourcePosition, key: SourcePosition) -> Branch {
            let element = Branch(.table([:]), at: position, key: key)
            guard case .table(let entries) = content else { return element }
            if let list = entries[name], case .list(var elements) = list.content {
                list.content = .list([])
                elements.append(element)
                list.content = .list(elements)
            } else {
                set(name, to: Branch(.list([element]), at: position, key: key))
            }
            return element
        }

        var node: SettingNode {
            let content: SettingNode.Content =
                switch content {
                case .scalar(let value): .scalar(value)
                case .list(let elements): .list(elements.map(\.node))
                case .table(let entries): .table(entries.mapValues(\.node))
                }
            return SettingNode(content, source: .file(position, policy: nil), keyPosition: keyPosition)
        }
    }

    private typealias Key = (name: String, position: SourcePosition)

    init(_ text: String, file: String) {
        bytes = Array(text.utf8)
        self.file = file
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            offset = 3
            lineStart = 3
        }
    }

    mutating func scan() -> SettingNode {
        let root = Branch(.table([:]), at: SourcePosition(file: file, line: 1, column: 1))
        var current = root
        while true {
            skipBlank(newlines: true)
            guard let byte = peek() else { break }
            let before = offset
            if byte == UInt8(ascii: "[") {
                current = header(root)
            } else {
                keyValue(into: current)
            }
            if offset == before { break }
        }
        return root.node
    }

    /// `[a.b]` or `[[a.b]]`; gives the table that the next keys belong to.
    private mutating func header(_ root: Branch) -> Branch {
        let position = position
        offset += 1
        let isList = peek() == UInt8(ascii: "[")
        if isList { offset += 1 }
        let keys = dottedKey()
        skipBlank(newlines: false)
        offset = min(offset + (isList ? 2 : 1), bytes.count)
        guard let last = keys.last else { return root }
        var branch = root
        for key in keys.dropLast() { branch = branch.child(key.name, at: position, key: key.position) }
        if isList { return branch.append(to: last.name, at: position, key: last.position) }
        return branch.child(last.name, at: position, key: last.position)
    }

    private mutating func keyValue(into table: Branch) {
        let keys = dottedKey()
        skipBlank(newlines: false)
        guard let last = keys.last, peek() == UInt8(ascii: "=") else { return }
        offset += 1
        skipBlank(newlines: false)
        var branch = table
        for key in keys.dropLast() { branch = branch.child(key.name, at: key.position, key: key.position) }
        branch.set(last.name, to: value(key: last.position))
    }

    private mutating func value(key: SourcePosition?) -> Branch {
        let position = position
        depth += 1
        defer { depth -= 1 }
        // Deeper than TOMLKit accepts; only invalid text comes here.
        guard depth < 300 else { return Branch(.scalar(.boolean(false)), at: position, key: key) }
        switch peek() {
        case UInt8(ascii: "["):
            offset += 1
            var elements: [Branch] = []
            while true {
                skipBlank(newlines: true)
                guard let byte = peek(), byte != UInt8(ascii: "]") else { break }
                let before = offset
                if byte == UInt8(ascii: ",") { offset += 1 } else { elements.append(value(key: nil)) }
                if offset == before { break }
            }
            offset = min(offset + 1, bytes.count)
            return Branch(.list(elements), at: position, key: key)
        case UInt8(ascii: "{"):
            offset += 1
            let table = Branch(.table([:]), at: position, key: key)
            while true {
                skipBlank(newlines: true)
                guard let byte = peek(), byte != UInt8(ascii: "}") else { break }
                let before = offset
                if byte == UInt8(ascii: ",") { offset += 1 } else { keyValue(into: table) }
                if offset == before { break }
            }
            offset = min(offset + 1, bytes.count)
            return table
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            return Branch(.scalar(.string(string())), at: position, key: key)
        default:
            return Branch(.scalar(bareValue()), at: position, key: key)
        }
    }

    private mutating func dottedKey() -> [Key] {
        var keys: [Key] = []
        while true {
            skipBlank(newlines: false)
            let position = position
            let start = offset
            if let byte = peek(), byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                keys.append((string(), position))
            } else {
                while let byte = peek(), Self.isBareKeyByte(byte) { offset += 1 }
                guard offset > start else { return keys }
                keys.append((String(decoding: bytes[start..<offset], as: UTF8.self), position))
            }
            skipBlank(newlines: false)
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

    func peek(_ ahead: Int = 0) -> UInt8? {
        offset + ahead < bytes.count ? bytes[offset + ahead] : nil
    }

    /// Notes that a line ended just before the offset.
    mutating func lineEnded() {
        line += 1
        lineStart = offset
    }

    private mutating func skipBlank(newlines: Bool) {
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"):
                offset += 1
            case UInt8(ascii: "\r") where newlines:
                offset += 1
            case UInt8(ascii: "\n") where newlines:
                offset += 1
                lineEnded()
            case UInt8(ascii: "#") where newlines:
                while let byte = peek(), byte != UInt8(ascii: "\n") { offset += 1 }
            default:
                return
            }
        }
    }

    /// The place of the next byte; columns count code points.
    private var position: SourcePosition {
        let before = bytes[min(lineStart, offset)..<offset]
        return SourcePosition(file: file, line: line, column: before.count { $0 & 0xC0 != 0x80 } + 1)
    }
}
