/// The grammar of a route's `path` and of the templates that use its parameters.
enum PathPattern {
    /// Returns the parameter names of a valid pattern. The final `/*` is named `rest`.
    static func names(in pattern: String) throws(SettingError) -> [String] {
        if let problem = problem(with: pattern) {
            throw SettingError(problem, suggestion: "write \(JSONText.quoted(repaired(pattern)))")
        }
        return pattern.dropFirst().split(separator: "/").compactMap { segment in
            segment == "*" ? "rest" : segment.hasPrefix("{") ? String(segment.dropFirst().dropLast()) : nil
        }
    }

    private static func problem(with pattern: String) -> String? {
        if isRegularExpression(pattern) {
            return
                "is a regular expression, which paths do not support: {name} matches one segment, a final /* the rest"
        }
        guard pattern.hasPrefix("/") else { return "does not begin with \"/\"" }
        var names: Set<String> = []
        let segments = pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            if segment == "*" {
                guard isLast else { return "has \"*\" before its end: {name} matches one segment" }
                if !names.insert("rest").inserted { return "uses the name \"rest\" twice, since /* has it too" }
            } else if segment.hasPrefix("{"), segment.hasSuffix("}") {
                let name = segment.dropFirst().dropLast()
                guard isName(name) else {
                    return "has \"\(segment)\", whose name is not made of letters, digits and underscores"
                }
                if !names.insert(String(name)).inserted { return "uses the name \"\(name)\" twice" }
            } else if let problem = problem(withLiteral: segment, isLast: isLast) {
                return problem
            }
        }
        return (try? RoutePattern(pattern)) == nil ? "can never match a normalized path" : nil
    }

    private static func isName(_ name: Substring) -> Bool {
        name.utf8.allSatisfy { TOMLParser.isBareKeyByte($0) && $0 != UInt8(ascii: "-") }
            && !name.isEmpty && !(0x30...0x39).contains(name.utf8.first ?? 0x30)
    }

    private static func problem(withLiteral segment: Substring, isLast: Bool) -> String? {
        if segment.isEmpty, !isLast { return "has \"//\", which no request can match" }
        if segment == "." || segment == ".." { return "has \"\(segment)\", which no request can match" }
        if segment.hasPrefix(":"), segment.utf8.count > 1 {
            return "has \"\(segment)\", which matches itself only: a parameter is written in braces"
        }
        if segment.contains(where: { "{}*".contains($0) }) {
            return "has \"\(segment)\", but {name} and * must be whole segments"
        }
        if segment.contains("?") { return "has a query, which match_query matches" }
        do {
            try URIText.check(segment, of: .path)
            return nil
        } catch {
            return error.problem
        }
    }

    /// Returns the names in braces in a template such as `/internal/{id}`.
    static func placeholders(in template: String) throws(SettingError) -> [String] {
        var names: [String] = []
        var rest = template[...]
        while let open = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            guard rest[open] == "{", let close = rest[open...].firstIndex(of: "}") else {
                throw SettingError(
                    "has a single brace",
                    suggestion: "write {name} for a placeholder, or %7B and %7D for the characters"
                )
            }
            names.append(String(rest[rest.index(after: open)..<close]))
            rest = rest[rest.index(after: close)...]
        }
        return names
    }

    /// Returns the template with each placeholder replaced by a value.
    static func filled(_ template: String, with value: (Substring) -> String) -> String {
        var text = ""
        var rest = template[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            text += rest[..<open] + value(rest[rest.index(after: open)..<close])
            rest = rest[rest.index(after: close)...]
        }
        return text + rest
    }

    /// Returns a label for a route without a name: `/users/{id}` → `users-id`. Names with a leading `_` are reserved
    /// for the gateway.
    static func routeName(_ pattern: String) -> String {
        let words = pattern.split(separator: "/").map { segment in
            String(segment.filter { $0 != "{" && $0 != "}" && $0 != "*" })
        }
        let name = words.filter { !$0.isEmpty }.joined(separator: "-").drop { $0 == "_" || $0 == "-" }
        if name.isEmpty { return pattern.hasSuffix("*") ? "all" : "root" }
        return String(name)
    }
}
