@testable import GatewayMiddlewares

/// A JSON text as a tree of tokens and the white space between them, and what a selection of it is: the plain model that
/// `JSONProjection` is compared with.
indirect enum JSONModel {
    case scalar(String)
    /// - `space`: between the brackets of an empty array.
    case array([Element], space: String)
    case object([Member], space: String)

    struct Element {
        var before: String
        var value: JSONModel
        var after: String
    }

    struct Member {
        var before: String
        /// As written, with its quotation marks.
        var name: String
        /// Decoded; nil if it is not text.
        var text: String?
        var beforeColon: String
        var afterColon: String
        var value: JSONModel
        var after: String
    }

    /// What is asked for.
    indirect enum Selection {
        case whole
        /// By the names' bytes: strings of Swift are equal in all Unicode forms.
        case members([[UInt8]: Selection])
    }

    var text: String { self.selected(.whole) }

    func selected(_ selection: Selection) -> String {
        switch self {
        case .scalar(let text): return text
        case .array(let elements, let space):
            let texts = elements.map { $0.before + $0.value.selected(selection) + $0.after }
            return "[" + (texts.isEmpty ? space : texts.joined(separator: ",")) + "]"
        case .object(let members, let space):
            var texts: [String] = []
            var last = ""
            for member in members {
                let inner: Selection? =
                    switch selection {
                    case .whole: .whole
                    case .members(let asked): member.text.flatMap { asked[Array($0.utf8)] }
                    }
                last = inner == nil ? member.after : ""
                guard let inner else { continue }
                let name = member.before + member.name + member.beforeColon + ":" + member.afterColon
                texts.append(name + member.value.selected(inner) + member.after)
            }
            return "{" + (members.isEmpty ? space : texts.joined(separator: ",") + last) + "}"
        }
    }
}

extension JSONModel {
    /// - Parameter depth: How deep arrays and objects may nest.
    static func random(depth: Int, using random: inout SeededRandom) -> JSONModel {
        switch Int.random(in: 0..<(depth > 0 ? 10 : 4), using: &random) {
        case 0..<2: return .scalar(Self.numbers.randomElement(using: &random) ?? "0")
        case 2: return .scalar(["true", "false", "null"].randomElement(using: &random) ?? "null")
        case 3: return .scalar(Self.string(using: &random))
        case 4..<7:
            let elements = (0..<Int.random(in: 0...4, using: &random)).map { _ in
                let value = Self.random(depth: depth - 1, using: &random)
                return Element(before: Self.space(using: &random), value: value, after: Self.space(using: &random))
            }
            return .array(elements, space: Self.space(using: &random))
        default:
            let members = (0..<Int.random(in: 0...5, using: &random)).map { _ in
                let (name, text) = Self.names.randomElement(using: &random) ?? ("\"a\"", "a")
                return Member(
                    before: Self.space(using: &random),
                    name: name,
                    text: text,
                    beforeColon: Self.space(using: &random),
                    afterColon: Self.space(using: &random),
                    value: Self.random(depth: depth - 1, using: &random),
                    after: Self.space(using: &random)
                )
            }
            return .object(members, space: Self.space(using: &random))
        }
    }

    private static func space(using random: inout SeededRandom) -> String {
        switch Int.random(in: 0..<8, using: &random) {
        case 0: " "
        case 1: "\n" + String(repeating: " ", count: Int.random(in: 0...20, using: &random))
        case 2: "\r\n\t"
        default: ""
        }
    }

    private static func string(using random: inout SeededRandom) -> String {
        let parts = (0..<Int.random(in: 0...6, using: &random)).map { _ in
            Self.parts.randomElement(using: &random) ?? ""
        }
        return "\"" + parts.joined() + "\""
    }

    private static let numbers = [
        "0", "-0", "7", "-12", "3.25", "1e5", "1E+400", "-2.5e-7", "18446744073709551616", "0.1000",
        "123456789012345678901234567890.123456789012345678901234567890e123456789012345678901234567890",
    ]
    private static let parts = [
        "a", "text ", "longer text of some words, ", "\\\"", "\\\\", "\\/", "\\n", "\\u0041", "\\u00e9",
        "\\ud83d\\ude00",
        "\\ud800", "\\udc00x", "é", "名前", "😀", "{\\\"a\\\":1}", "[", "]", "{", "}", ":", ",", "\u{7F}", "\u{2028}",
    ]
    /// Names as they are written, and what they mean.
    private static let names: [(String, String?)] = [
        ("\"a\"", "a"), ("\"\\u0061\"", "a"), ("\"b\"", "b"), ("\"ab\"", "ab"), ("\"\"", ""), ("\"a b\"", "a b"),
        ("\"é\"", "é"), ("\"\\u00E9\"", "é"), ("\"e\\u0301\"", "e\u{301}"), ("\"\\ud83d\\ude00\"", "😀"),
        ("\"\\ud83d\"", nil), ("\"\\n\\\"\\\\\\/\"", "\n\"\\/"),
        ("\"customer_number_of_order\"", "customer_number_of_order"),
        ("\"customer_number_at_order\"", "customer_number_at_order"),
    ]
    private static let askedNames = names.compactMap(\.1).filter { !$0.isEmpty } + ["missing"]

    /// A selection, and an expression for it.
    static func randomSelection(depth: Int, using random: inout SeededRandom) -> (Selection, String) {
        var asked: [[UInt8]: Selection] = [:]
        var items: [String] = []
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let name = Self.askedNames.randomElement(using: &random) ?? "a"
            guard asked[Array(name.utf8)] == nil else { continue }
            var item = ""
            for scalar in name.unicodeScalars {
                if ",.()\\ ".unicodeScalars.contains(scalar) { item += "\\" }
                item.unicodeScalars.append(scalar)
            }
            if depth > 0, Bool.random(using: &random) {
                let (inner, text) = Self.randomSelection(depth: depth - 1, using: &random)
                asked[Array(name.utf8)] = inner
                item += text.contains(",") || Bool.random(using: &random) ? "(\(text))" : ".\(text)"
            } else {
                asked[Array(name.utf8)] = .whole
            }
            items.append(item)
        }
        return (.members(asked), items.joined(separator: ","))
    }
}
