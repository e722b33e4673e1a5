import GatewayHTTP

extension PathPattern {
    /// Returns a valid pattern for what an invalid one probably means: `users/:id` → `/users/{id}`, `^/files/(.*)$` →
    /// `/files/*`.
    static func repaired(_ pattern: String) -> String {
        var text = pattern[...]
        let isExpression = isRegularExpression(pattern)
        if isExpression {
            text = text.drop { "~*^ ".contains($0) }
            if text.hasSuffix("$") { text.removeLast() }
        }
        // Text after a question mark is a query. Those belong in match_query.
        if !isExpression, let mark = text.firstIndex(of: "?") { text = text[..<mark] }
        var segments: [String] = []
        var names: Set<String> = []
        let parts = text.split(separator: "/", omittingEmptySubsequences: true)
        for (index, part) in parts.enumerated() {
            let isLast = index == parts.count - 1
            switch repairedSegment(part, isExpression: isExpression) {
            case .literal("."): break
            case .literal(".."): _ = segments.popLast()
            case .literal(let literal): segments.append(literal)
            case .rest where isLast: segments.append("*")
            case .rest: segments.append("{\(unique("name", &names))}")
            case .parameter(let name):
                if name == "rest", parts.last == "*" { names.insert(name) }
                segments.append("{\(unique(name, &names))}")
            }
        }
        let endsWithSlash = text.hasSuffix("/") && !segments.isEmpty && segments.last != "*"
        return "/" + segments.joined(separator: "/") + (endsWithSlash ? "/" : "")
    }

    private enum Repaired {
        case literal(String)
        case parameter(String)
        case rest
    }

    private static func repairedSegment(_ segment: Substring, isExpression: Bool) -> Repaired {
        if segment.allSatisfy({ $0 == "*" }) || segment.hasPrefix("{*") || segment.hasSuffix("...}") { return .rest }
        if isExpression, segment.contains(where: { "()[]*+?|\\".contains($0) }) {
            let plain = segment.filter { $0 != "\\" }
            if !plain.contains(where: { "()[]*+?|".contains($0) }), !segment.contains("\\d"), !segment.contains("\\w") {
                return .literal(escaped(plain))
            }
            return segment.contains(".*") || segment.contains(".+") ? .rest : .parameter("id")
        }
        if segment.hasPrefix(":") { return .parameter(name(segment.dropFirst().prefix { isNamePart($0) })) }
        if segment.hasPrefix("<"), segment.hasSuffix(">") {
            let inner = segment.dropFirst().dropLast()
            return .parameter(name((inner.split(separator: ":").last ?? inner).prefix { isNamePart($0) }))
        }
        if let open = segment.firstIndex(of: "{") {
            let inner = segment[segment.index(after: open)...]
            return .parameter(name(inner.prefix { isNamePart($0) || $0 == "-" }))
        }
        if segment.contains("}") { return .parameter(name(segment.prefix { isNamePart($0) })) }
        if segment.contains("*") { return .parameter("name") }
        // Servers also resolve dot segments that have parameters.
        let name = segment.prefix { $0 != ";" }
        if name == "." || name == ".." { return .literal(String(name)) }
        return .literal(escaped(String(segment).replacing("%00", with: "")))
    }

    private static func isNamePart(_ character: Character) -> Bool {
        character == "_" || character.isASCII && (character.isLetter || character.isNumber)
    }

    private static func name(_ text: some StringProtocol) -> String {
        let name = String(text.map { $0 == "-" ? "_" : $0 })
        return name.first.map { $0.isNumber } ?? true ? "id" : name
    }

    private static func unique(_ name: String, _ names: inout Set<String>) -> String {
        var unique = name
        var number = 2
        while !names.insert(unique).inserted {
            unique = "\(name)\(number)"
            number += 1
        }
        return unique
    }

    /// Returns the text with every character escaped that is not allowed in a path.
    private static func escaped(_ text: String) -> String { URIText.escaped(text, for: .path) }

    /// Whether the pattern is clearly a regular expression.
    static func isRegularExpression(_ pattern: String) -> Bool {
        let marks = [".*", ".+", "([", "(?", "(.", "(\\", "[^", "[0-9", "[a-z", "[A-Z", "\\d", "\\w", "]+", "]*"]
        return pattern.hasPrefix("^") || pattern.hasPrefix("~") || pattern.hasSuffix("$")
            || marks.contains { pattern.contains($0) }
    }
}

extension URIText {
    /// Returns the text with disallowed characters and broken escapes percent-encoded.
    ///
    /// - Parameter braces: Whether `{name}` is kept.
    static func escaped(_ text: String, for part: Part, keepingBraces braces: Bool = false) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            let isBrace = byte == UInt8(ascii: "{") || byte == UInt8(ascii: "}")
            let digits = bytes[(index + 1)...].prefix(2)
            let isBroken =
                byte == UInt8(ascii: "%")
                && !(digits.count == 2 && digits.allSatisfy { PercentEncoding.isHexDigit($0) })
            if isBrace ? !braces : part.forbids(byte) || isBroken {
                result += Array(("%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)).utf8)
            } else {
                result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
