/// A value of a TOML document during parsing.
final class TOMLTree {
    enum Content {
        case scalar(SettingValue)
        case list([TOMLTree])
        case table([String: TOMLTree])
    }

    /// The syntax that created a table or list. It determines what may be added later.
    enum Origin {
        /// `{…}`, `[…]` or a plain value. Nothing may be added.
        case value
        /// `[x]`. Its keys follow.
        case header
        /// The `x` of `[x.y]`. A header for `x` itself may follow.
        case superTable
        /// The `x` of `x.y = 1`. More dotted keys may follow.
        case dottedKey
        /// `[[x]]`. More elements may follow.
        case listOfTables
    }

    private(set) var content: Content
    var origin: Origin
    package let position: SourcePosition
    let keyPosition: SourcePosition?
    var anchors: [TextAnchor] = []

    init(_ content: Content, _ origin: Origin, at position: SourcePosition, key: SourcePosition? = nil) {
        self.content = content
        self.origin = origin
        self.position = position
        keyPosition = key
    }

    subscript(name: String) -> TOMLTree? {
        if case .table(let entries) = content { entries[name] } else { nil }
    }

    func add(_ name: String, _ child: TOMLTree) {
        guard case .table(var entries) = content else { return }
        // Drop the stored reference first. Otherwise adding a key would copy all previous entries.
        content = .table([:])
        entries[name] = child
        content = .table(entries)
    }

    func append(_ element: TOMLTree) {
        guard case .list(var elements) = content else { return }
        content = .list([])
        elements.append(element)
        content = .list(elements)
    }

    /// The last element of a list of tables.
    var lastElement: TOMLTree? {
        if case .list(let elements) = content { elements.last } else { nil }
    }

    var node: SettingNode {
        let content: SettingNode.Content =
            switch content {
            case .scalar(let value): .scalar(value)
            case .list(let elements): .list(elements.map(\.node))
            case .table(let entries): .table(entries.mapValues(\.node))
            }
        var node = SettingNode(content, source: .file(position, policy: nil), keyPosition: keyPosition)
        node.anchors = self.anchors
        return node
    }
}
