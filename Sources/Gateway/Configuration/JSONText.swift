/// Writes values as JSON text with sorted keys, so that equal values give equal text.
package enum JSONText {
    /// One line, or indented by two spaces a level.
    package static func text(_ value: SettingValue, indented: Bool = false) -> String {
        var out = ""
        write(value, to: &out, depth: indented ? 0 : nil)
        return out
    }

    /// One line, with the members of the object in this order.
    static func text(members: KeyValuePairs<String, SettingValue>) -> String {
        var out = ""
        write(members.map { ($0.key, $0.value) }, between: ("{", "}"), to: &out, depth: nil)
        return out
    }

    /// A JSON string literal with its quotes; also a legal TOML basic string.
    static func quoted(_ text: String) -> String {
        var out = "\""
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
        return out + "\""
    }

    private static func write(_ value: SettingValue, to out: inout String, depth: Int?) {
        switch value {
        case .boolean(let value): out += value ? "true" : "false"
        case .integer(let value): out += String(value)
        // JSON has no infinities and no NaN.
        case .number(let value): out += value.isFinite ? String(value) : quoted(String(value))
        case .string(let value), .date(let value): out += quoted(value)
        case .list(let values):
            write(values.map { (nil, $0) }, between: ("[", "]"), to: &out, depth: depth)
        case .table(let entries):
            let sorted = entries.sorted { $0.key < $1.key }
            write(sorted.map { ($0.key, $0.value) }, between: ("{", "}"), to: &out, depth: depth)
        }
    }

    private static func write(
        _ items: [(key: String?, value: SettingValue)],
        between brackets: (String, String),
        to out: inout String,
        depth: Int?
    ) {
        out += brackets.0
        for (index, item) in items.enumerated() {
            if index > 0 { out += "," }
            if let depth { out += "\n" + String(repeating: "  ", count: depth + 1) }
            if let key = item.key { out += quoted(key) + (depth == nil ? ":" : ": ") }
            write(item.value, to: &out, depth: depth.map { $0 + 1 })
        }
        if let depth, !items.isEmpty { out += "\n" + String(repeating: "  ", count: depth) }
        out += brackets.1
    }
}
