import GatewayHTTP

/// The body of a webhook with placeholders for parts of the event: `{"text": "{type} {data.route}"}`.
///
/// A template that is JSON stays JSON, whatever the event contains: inside a string a placeholder is escaped, elsewhere it
/// is a JSON value. In other templates it is plain text. A part that the event lacks is empty; where JSON needs a value, it
/// is `null`.
package struct WebhookTemplate: Hashable, Sendable {
    private enum Part: Hashable {
        case literal([UInt8])
        /// The names of members, from the event down.
        case placeholder([String], isInString: Bool)
    }

    private let parts: [Part]
    /// Whether the template is JSON.
    package let isJSON: Bool

    private static let members = ["id", "time", "type", "severity", "topic", "gateway", "data"]

    /// - Throws: An error if a placeholder names no part of an event.
    package init(_ text: String) throws(SettingError) {
        let text = BracedText(text) { byte, _ in
            byte.isASCIILetter || (0x30...0x39).contains(byte) || [0x2D, 0x2E, 0x5F].contains(byte)
        }
        var parts: [Part] = []
        var string = StringTracker()
        for part in text.parts {
            switch part {
            case .literal(let bytes):
                string.read(bytes)
                parts.append(.literal(bytes))
            case .name(let name): parts.append(.placeholder(try Self.path(name), isInString: string.isInside))
            }
        }
        if (try? Self.path(text.unclosed)) != nil {
            throw SettingError(
                "{\(text.unclosed) is not closed",
                suggestion: "write {\(text.unclosed)}, or {{\(text.unclosed) for the text"
            )
        }
        self.parts = parts
        let sample = parts.flatMap { part in
            switch part {
            case .literal(let bytes): bytes
            // No escape sequence in a string ends with x.
            case .placeholder(_, let isInString): [UInt8(ascii: isInString ? "x" : "0")]
            }
        }
        // A placeholder alone is text.
        self.isJSON =
            switch try? StrictJSON.parse(sample) {
            case .object, .array: true
            default: false
            }
    }

    private static func path(_ name: String) throws(SettingError) -> [String] {
        let path = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        if self.members.contains(path[0]), path.count == 1 || path[0] == "data", !path.contains("") { return path }
        let meant =
            path.contains("")
            ? nil
            : NearestName.of(path[0], among: self.members).map {
                "{\(([$0] + ($0 == "data" ? path.dropFirst() : [])).joined(separator: "."))}"
            }
        let others = "one of \(self.members.dropLast().map { "{\($0)}" }.joined(separator: ", ")), or {data.NAME}"
        throw SettingError(
            "{\(name)} is not part of an event",
            suggestion: "write \(meant ?? others), or {{\(name)}} for the text"
        )
    }

    /// Returns the template with the parts of an event.
    package func filled(with event: JSONValue) -> [UInt8] {
        self.parts.flatMap { part -> [UInt8] in
            switch part {
            case .literal(let bytes): return bytes
            case .placeholder(let path, let isInString):
                var value: JSONValue? = event
                for name in path { value = value?[name] }
                if self.isJSON, !isInString { return Array(JSONText.text(value ?? .null).utf8) }
                let text = value.map(Self.text) ?? ""
                return Array((self.isJSON ? JSONText.escaped(text) : text).utf8)
            }
        }
    }

    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .null: ""
        case .string(let text): text
        default: JSONText.text(value)
        }
    }

    /// Whether the end of a text is inside a JSON string.
    private struct StringTracker {
        private(set) var isInside = false
        private var isEscaped = false

        mutating func read(_ bytes: [UInt8]) {
            for byte in bytes {
                if self.isEscaped {
                    self.isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    self.isEscaped = self.isInside
                } else if byte == UInt8(ascii: "\"") {
                    self.isInside.toggle()
                }
            }
        }
    }
}
