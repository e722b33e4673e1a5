/// A configuration value with the positions of all its parts.
public struct SettingNode: Sendable {
    /// The counterpart of ``SettingValue`` with nested nodes.
    package enum Content: Sendable {
        case scalar(SettingValue)
        case list([SettingNode])
        case table([String: SettingNode])
    }

    package var content: Content
    package var source: SettingSource
    /// The position of the key, if there is one.
    var keyPosition: SourcePosition?
    /// Where parts of a string are in the file, if it has escapes or several lines.
    var anchors: [TextAnchor] = []
    /// Whether the text contains `${…}`.
    var hasVariables = false
    /// The values of the environment variables in the text.
    var environmentValues: [String] = []
    /// Whether part of the text came from an environment variable.
    var isFromEnvironment: Bool { !environmentValues.isEmpty }

    /// Returns the suggestion, or a generic one if it may repeat a value from the environment in a form that redaction
    /// would not find.
    func safe(_ suggestion: String) -> String {
        guard self.isFromEnvironment, suggestion.hasPrefix("write "), suggestion != "write true or false" else {
            return suggestion
        }
        return "correct the environment variable"
    }

    package init(_ content: Content, source: SettingSource, keyPosition: SourcePosition? = nil) {
        self.content = content
        self.source = source
        self.keyPosition = keyPosition
    }

    /// Creates a node for a value that was not read from a file.
    package init(_ value: SettingValue, source: SettingSource) {
        switch value {
        case .list(let values): self.init(.list(values.map { SettingNode($0, source: source) }), source: source)
        case .table(let entries):
            self.init(.table(entries.mapValues { SettingNode($0, source: source) }), source: source)
        default: self.init(.scalar(value), source: source)
        }
    }

    /// The value without positions and sources.
    package var value: SettingValue {
        switch content {
        case .scalar(let value): value
        case .list(let nodes): .list(nodes.map(\.value))
        case .table(let entries): .table(entries.mapValues(\.value))
        }
    }

    /// The entries if this is a table.
    package var entries: [String: SettingNode]? {
        if case .table(let entries) = content { entries } else { nil }
    }

    /// The elements if this is a list.
    package var elements: [SettingNode]? {
        if case .list(let elements) = content { elements } else { nil }
    }
}
