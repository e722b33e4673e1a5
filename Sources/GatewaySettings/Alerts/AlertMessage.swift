import GatewayHTTP

/// The text of a notice, with placeholders: `{route}: {value} of requests fail`. `{{` and `}}` are literal braces.
package struct AlertMessage: Hashable, Sendable {
    enum Part: Hashable, Sendable {
        case text(String)
        case placeholder(String)
    }

    let parts: [Part]

    /// The placeholders that each alert has, beside those of its labels.
    package static let names = ["alert", "severity", "state", "value"]

    package init(_ text: String) {
        var parts: [Part] = []
        var literal = ""
        var rest = text[...]
        while let character = rest.first {
            rest.removeFirst()
            guard character == "{" || character == "}" else {
                literal.append(character)
                continue
            }
            if rest.first == character {
                rest.removeFirst()
                literal.append(character)
                continue
            }
            let name = rest.prefix {
                $0.utf8.allSatisfy { $0.isASCIILetter || $0 == 0x5F || (0x30...0x39).contains($0) }
            }
            guard character == "{", !name.isEmpty, rest[name.endIndex...].first == "}" else {
                literal.append(character)
                continue
            }
            if !literal.isEmpty { parts.append(.text(literal)) }
            literal = ""
            parts.append(.placeholder(String(name)))
            rest = rest[name.endIndex...].dropFirst()
        }
        if !literal.isEmpty { parts.append(.text(literal)) }
        self.parts = parts
    }

    /// The names in braces, in order.
    package var placeholders: [String] {
        self.parts.compactMap { if case .placeholder(let name) = $0 { name } else { nil } }
    }

    /// Returns the text. Placeholders without a value are kept.
    package func filled(_ value: (String) -> String?) -> String {
        self.parts.reduce(into: "") { text, part in
            switch part {
            case .text(let literal): text += literal
            case .placeholder(let name): text += value(name) ?? "{\(name)}"
            }
        }
    }
}
