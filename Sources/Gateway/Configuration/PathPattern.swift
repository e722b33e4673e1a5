/// The grammar of a route's `path` and of the templates that use its parts.
enum PathPattern {
    /// What the parts of a sound pattern are called; the end `/*` is `rest`.
    static func names(in pattern: String) throws(SettingError) -> [String] {
        guard pattern.hasPrefix("/") else {
            throw SettingError("does not begin with \"/\"", suggestion: "write \"/\(pattern)\"")
        }
        var names: [String] = []
        let segments = pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            if segment == "*" {
                guard isLast else {
                    throw SettingError(
                        "has \"*\" before its end",
                        suggestion: "write {name} for one segment, and /* only at the end"
                    )
                }
                names.append("rest")
            } else if segment.hasPrefix("{"), segment.hasSuffix("}") {
                names.append(try name(segment))
            } else {
                try checkLiteral(segment, isLast: isLast)
            }
        }
        for (index, name) in names.enumerated() where names[..<index].contains(name) {
            throw SettingError("has \"\(name)\" twice", suggestion: "give each part a name of its own")
        }
        return names
    }

    private static func name(_ segment: Substring) throws(SettingError) -> String {
        let name = segment.dropFirst().dropLast()
        let isName =
            name.utf8.allSatisfy { TOMLParser.isBareKeyByte($0) && $0 != UInt8(ascii: "-") }
            && !name.isEmpty && !(0x30...0x39).contains(name.utf8.first ?? 0x30)
        guard isName else {
            throw SettingError(
                "has \"\(segment)\", which names nothing",
                suggestion: "write {name}, with letters, digits and underscores"
            )
        }
        return String(name)
    }

    private static func checkLiteral(_ segment: Substring, isLast: Bool) throws(SettingError) {
        if segment.isEmpty, !isLast {
            throw SettingError("has \"//\", which no request can match", suggestion: "write single slashes")
        }
        if segment == "." || segment == ".." {
            throw SettingError("has \"\(segment)\", which no request can match", suggestion: "write the resolved path")
        }
        if segment.utf8.contains(where: {
            $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") || $0 == UInt8(ascii: "*")
        }) {
            throw SettingError(
                "has \"\(segment)\", where {name} and * must be a whole segment",
                suggestion: "write \"/{name}/\" or \"/*\""
            )
        }
        if let character = segment.first(where: { $0.utf8.contains(where: isForbidden) }) {
            let escaped = character.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }
            let query = character == "?" ? ", or match_query for a query" : ""
            throw SettingError(
                "has a character that no path has",
                suggestion: "write \(escaped.joined()) for it\(query)"
            )
        }
        var rest = Array(segment.utf8)[...]
        while let percent = rest.firstIndex(of: UInt8(ascii: "%")) {
            let digits = rest[(percent + 1)...].prefix(2)
            guard digits.count == 2, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else {
                throw SettingError("has a broken escape", suggestion: "write %25 for a percent sign")
            }
            rest = rest[(percent + 3)...]
        }
    }

    /// Not in `pchar` of RFC 3986 §3.3, other than what the caller has seen to.
    private static func isForbidden(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte >= 0x7F || "?#\\\"<>^`|".utf8.contains(byte)
    }

    /// The names between braces in a template such as `/internal/{id}`.
    static func placeholders(in template: String) throws(SettingError) -> [String] {
        var names: [String] = []
        var rest = template[...]
        while let open = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            guard rest[open] == "{", let close = rest[open...].firstIndex(of: "}") else {
                throw SettingError("has a single brace", suggestion: "write {name}, or %7B and %7D for the characters")
            }
            names.append(String(rest[rest.index(after: open)..<close]))
            rest = rest[rest.index(after: close)...]
        }
        return names
    }

    /// A label for a route without a name: `/users/{id}` → `users-id`. The gateway's own labels begin with `_`.
    static func routeName(_ pattern: String) -> String {
        let words = pattern.split(separator: "/").map { segment in
            String(segment.filter { $0 != "{" && $0 != "}" && $0 != "*" })
        }
        let name = words.filter { !$0.isEmpty }.joined(separator: "-").drop { $0 == "_" || $0 == "-" }
        if name.isEmpty { return pattern.hasSuffix("*") ? "all" : "root" }
        return String(name)
    }
}
