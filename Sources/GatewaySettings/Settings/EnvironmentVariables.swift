/// Expands environment variables in strings: `${NAME}` and `${NAME:-default}`. `$${` is an escaped `${`.
struct EnvironmentVariables {
    let values: [String: String]

    /// Returns the node with all variables expanded.
    func applied(to node: SettingNode, at path: SettingPath, diagnostics: inout ConfigurationDiagnostics)
        -> SettingNode
    {
        var result = node
        switch node.content {
        case .scalar(.string(let text)) where text.utf8.contains(UInt8(ascii: "$")):
            do {
                let (expanded, values) = try expand(text)
                result.content = .scalar(.string(expanded))
                result.hasVariables = true
                result.environmentValues = values
            } catch {
                diagnostics.report(error.problem, suggestion: error.suggestion, path: path, at: node.source.position)
            }
        case .scalar:
            break
        case .list(let elements):
            result.content = .list(
                elements.enumerated().map { applied(to: $0.element, at: path + $0.offset, diagnostics: &diagnostics) }
            )
        case .table(let entries):
            var applied: [String: SettingNode] = [:]
            for (key, entry) in entries {
                applied[key] = self.applied(to: entry, at: path + key, diagnostics: &diagnostics)
            }
            result.content = .table(applied)
        }
        return result
    }

    /// Returns the expanded text and the values of the variables that are set.
    func expand(_ text: String) throws(SettingError) -> (text: String, values: [String]) {
        var result = ""
        var values: [String] = []
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[dollar...]
            if rest.hasPrefix("$${") {
                result += "${"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${") {
                guard let end = rest.firstIndex(of: "}") else {
                    throw SettingError(
                        "\(JSONText.quoted(text)) has \"${\" without \"}\"",
                        suggestion: "write \(JSONText.quoted(text + "}"))"
                    )
                }
                let reference = rest[rest.index(rest.startIndex, offsetBy: 2)..<end]
                rest = rest[rest.index(after: end)...]
                let (value, isSet) = try value(of: reference, in: text)
                result += value
                if isSet { values.append(value) }
            } else {
                result += "$"
                rest = rest.dropFirst()
            }
        }
        return (result + rest, values)
    }

    /// Returns the value of a reference.
    ///
    /// - Parameter text: The whole string, for suggestions.
    private func value(of reference: Substring, in text: String) throws(SettingError) -> (String, isSet: Bool) {
        func suggestion(_ replacement: String) -> String {
            "write \(JSONText.quoted(text.replacing("${\(reference)}", with: replacement)))"
        }
        var name = String(reference)
        var fallback: String?
        if let colon = reference.firstIndex(of: ":") {
            name = String(reference[..<colon])
            guard reference[colon...].hasPrefix(":-") else {
                throw SettingError(
                    "\"${\(reference)}\" is not a variable",
                    suggestion: suggestion("${\(name):-\(reference[colon...].dropFirst())}")
                )
            }
            fallback = String(reference[colon...].dropFirst(2))
        }
        guard !name.isEmpty, name.utf8.allSatisfy({ TOMLParser.isBareKeyByte($0) && $0 != 0x2D }),
            !(0x30...0x39).contains(name.utf8.first ?? 0x30)
        else {
            throw SettingError(
                "\"${\(reference)}\" does not name a variable",
                suggestion: suggestion("$${\(reference)}") + " for the characters themselves"
            )
        }
        // As in a shell, the default after ":-" also replaces an empty variable.
        if let value = values[name], !(value.isEmpty && fallback != nil) { return (value, true) }
        if let fallback { return (fallback, false) }
        throw SettingError(
            "the environment variable \(name) is not set",
            suggestion: "set it, or give it a default: ${\(name):-DEFAULT}"
        )
    }
}
