/// A value of a TOML document that is still being read.
final class TOMLTree {
    package enum Content {
        case scalar(SettingValue)
        case list([TOMLTree])
        case table([String: TOMLTree])
    }

    /// What made a table or list, and so what may still add to it.
    package enum Origin {
        /// `{…}`, `[…]` or a plain value: closed.
        case value
        /// `[x]`: its keys follow it.
        case header
        /// The `x` of `[x.y]`: may still get a header of its own.
        case superTable
        /// The `x` of `x.y = 1`: more dotted keys may follow.
        case dottedKey
        /// `[[x]]`: more may follow.
        case listOfTables
    }

    private(set) var content: Content
    package var origin: Origin
    package let position: SourcePosition
    let keyPosition: SourcePosition?

    package init(_ content: Content, _ origin: Origin, at position: SourcePosition, key: SourcePosition? = nil) {
        self.content = content
        self.origin = origin
        self.position = position
        keyPosition = key
    }

    package subscript(name: String) -> TOMLTree? {
        if case .table(let entries) = content { entries[name] } else { nil }
    }

    package func add(_ name: String, _ child: TOMLTree) {
        guard case .table(var entries) = content else { return }
        // The only reference must be the local one, or each key would copy all before it.
        content = .table([:])
        entries[name] = child
        content = .table(entries)
    }

    package func append(_ element: TOMLTree) {
        guard case .list(var elements) = content else { return }
        content = .list([])
        elements.append(element)
        content = .list(elements)
    }

    /// The last element of a list of tables.
    var lastElement: TOMLTree? {
        if case .list(let elements) = content { elements.last } else { nil }
    }

    package var node: SettingNode {
        let content: SettingNode.Content =
            switch content {
            case .scalar(let value): .scalar(value)
            case .list(let elements): .list(elements.map(\.node))
            case .table(let entries): .table(entries.mapValues(\.node))
            }
        return SettingNode(content, source: .file(position, policy: nil), keyPosition: keyPosition)
    }
}
