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
        try URIText.check(segment, of: .path, query: ", or match_query for a query")
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

    /// The template with something in the place of each part in braces.
    static func filled(_ template: String, with value: (Substring) -> String) -> String {
        var text = ""
        var rest = template[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            text += rest[..<open] + value(rest[rest.index(after: open)..<close])
            rest = rest[rest.index(after: close)...]
        }
        return text + rest
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
