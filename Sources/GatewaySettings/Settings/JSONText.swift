/// Writes JSON text, on one line or indented by two spaces per level.
///
/// Foundation's encoder either sorts the members of an object or loses their order, and writes `1.0` as `1`. This type
/// keeps the order and the number format.
package enum JSONText {
    package static func text(_ value: JSONValue, indented: Bool = false) -> String {
        var out = ""
        self.write(value, to: &out, depth: indented ? 0 : nil)
        return out
    }

    /// Returns a JSON string literal with its quotes. It is also a valid TOML basic string.
    package static func quoted(_ text: String) -> String { "\"" + self.escaped(text) + "\"" }

    /// Returns the characters between the quotes of a JSON string literal (RFC 8259 section 7).
    package static func escaped(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let hex = String(scalar.value, radix: 16, uppercase: true)
                out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    private static func write(_ value: JSONValue, to out: inout String, depth: Int?) {
        switch value {
        case .null: out += "null"
        case .boolean(let value): out += value ? "true" : "false"
        case .integer(let value): out += String(value)
        // JSON cannot represent infinities and NaN.
        case .number(let value): out += value.isFinite ? String(value) : self.quoted(String(value))
        case .string(let value): out += self.quoted(value)
        case .array(let values):
            self.write(values, between: ("[", "]"), to: &out, depth: depth) { self.write($0, to: &$1, depth: $2) }
        case .object(let members):
            self.write(members, between: ("{", "}"), to: &out, depth: depth) { member, out, depth in
                out += self.quoted(member.name) + (depth == nil ? ":" : ": ")
                self.write(member.value, to: &out, depth: depth)
            }
        }
    }

    private static func write<Item>(
        _ items: [Item],
        between brackets: (String, String),
        to out: inout String,
        depth: Int?,
        _ writeItem: (Item, inout String, Int?) -> Void
    ) {
        out += brackets.0
        for (index, item) in items.enumerated() {
            if index > 0 { out += "," }
            if let depth { out += "\n" + String(repeating: "  ", count: depth + 1) }
            writeItem(item, &out, depth.map { $0 + 1 })
        }
        if let depth, !items.isEmpty { out += "\n" + String(repeating: "  ", count: depth) }
        out += brackets.1
    }
}
