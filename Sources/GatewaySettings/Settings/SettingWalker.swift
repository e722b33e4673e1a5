/// Compares a configuration with its schema and collects all errors.
package struct SettingWalker {
    /// The schemas of the middleware tables, by name.
    package let middlewares: [String: SettingTableSchema]
    /// Whether tables that may belong to a middleware that is not known yet are left unchanged.
    var leavesUnknownMiddlewares = false
    package var diagnostics: ConfigurationDiagnostics
    /// Whether the walker is inside an inline table or a list, where no table header is possible.
    private var isInline = false

    package init(middlewares: [MiddlewareDescription], diagnostics: ConfigurationDiagnostics) {
        self.diagnostics = diagnostics
        self.middlewares = Dictionary(
            middlewares.map { ($0.name, SettingSchema.of($0.defaults)) },
            uniquingKeysWith: { _, last in last }
        )
    }

    /// Checks a node and returns it in the form that decoding expects: with defaults for missing and invalid values,
    /// with shorthands expanded to tables, and with text from environment variables converted to the expected type.
    ///
    /// - Parameter fillsDefaults: Whether missing values are filled in. `false` for tables that are merged over others.
    package mutating func walk(
        _ node: SettingNode,
        _ schema: SettingSchema,
        at path: SettingPath,
        fillsDefaults: Bool = true
    ) -> SettingNode {
        switch schema {
        case .leaf(let type):
            return leaf(node, at: path) { value throws(SettingError) in _ = try type.init(setting: value) }
        case .word(let words):
            return leaf(node, at: path) { value throws(SettingError) in
                guard case .string(let word) = value, words.contains(word) else {
                    throw SettingError.notOneOf(words, value)
                }
            }
        case .table(let table):
            return walk(node, table, at: path, fillsDefaults: fillsDefaults)
        case .list(let element):
            guard let elements = node.elements else {
                report(node, path, "is \(node.value.kindName), not a list", Self.listHint(node, element, path))
                return node
            }
            let outer = enter(node)
            defer { isInline = outer }
            var result = node
            let walked = elements.enumerated().map { walk($0.element, element, at: path + $0.offset) }
            let sound = walked.indices.filter { !diagnostics.hasFailed(path + $0) }
            if sound.count < walked.count { diagnostics.keep(sound, of: path) }
            result.content = .list(sound.map { walked[$0] })
            return result
        case .map(let value):
            guard let entries = node.entries else {
                report(node, path, "is \(node.value.kindName), not a table", tableHint(node, path))
                return node
            }
            return map(node, entries, at: path) { walker, key, entry in walker.walk(entry, value, at: path + key) }
        case .middlewares:
            guard let entries = node.entries else {
                report(
                    node,
                    path,
                    "is \(node.value.kindName), not a table",
                    "use tables such as \(Self.header(path + "timeout"))"
                )
                return node
            }
            return map(node, entries, at: path) { walker, key, entry in
                walker.middleware(key, entry, in: entries, at: path + key)
            }
        case .unknown:
            return node
        }
    }

    private mutating func map(
        _ node: SettingNode,
        _ entries: [String: SettingNode],
        at path: SettingPath,
        _ transform: (inout SettingWalker, String, SettingNode) -> SettingNode
    ) -> SettingNode {
        let outer = enter(node)
        defer { isInline = outer }
        var result = node
        var transformed: [String: SettingNode] = [:]
        for (key, entry) in entries {
            let value = transform(&self, key, entry)
            if !diagnostics.hasFailed(path + key) { transformed[key] = value }
        }
        result.content = .table(transformed)
        return result
    }

    private mutating func walk(
        _ node: SettingNode,
        _ table: SettingTableSchema,
        at path: SettingPath,
        fillsDefaults: Bool
    ) -> SettingNode {
        if let type = table.shorthand, case .scalar(let value) = node.content {
            return shorthand(node, value, type, table, at: path)
        }
        guard let entries = node.entries else {
            report(node, path, "is \(node.value.kindName), not a table", tableHint(node, path))
            return node
        }
        let outer = enter(node)
        defer { isInline = outer }
        var result: [String: SettingNode] = [:]
        var own: [String: SettingNode] = [:]
        for (key, entry) in entries {
            if let field = table.field(key), !(table.takesMiddlewares && field.schema.isMiddlewares) {
                let value = walk(entry, field.schema, at: path + key, fillsDefaults: fillsDefaults)
                if !diagnostics.hasFailed(path + key) { result[key] = value }
            } else if table.takesMiddlewares, middlewares[key] != nil {
                let value = middleware(key, entry, in: entries, at: path + key)
                if !diagnostics.hasFailed(path + key) { own[key] = value }
            } else if table.takesMiddlewares, mayBeMiddleware(key, entry, among: table) {
                own[key] = entry
            } else {
                unknown(key, entry, in: entries, among: table, at: path + key)
            }
        }
        for field in table.fields where fillsDefaults && result[field.key] == nil {
            result[field.key] = field.defaultValue.map { SettingNode($0, source: .default) }
        }
        if table.takesMiddlewares { result["middleware"] = SettingNode(.table(own), source: node.source) }
        var filled = node
        filled.content = .table(result)
        return filled
    }

    private mutating func shorthand(
        _ node: SettingNode,
        _ value: SettingValue,
        _ type: any SettingTableWithShorthand.Type,
        _ table: SettingTableSchema,
        at path: SettingPath
    ) -> SettingNode {
        guard case .string(let text) = value else {
            report(
                node,
                path,
                "is \(value.kindName)",
                "write a string, or a table of \(Self.list(table.fields.map(\.key)))"
            )
            return node
        }
        do {
            return SettingNode(SettingSchema.written(try type.init(shorthand: text)), source: node.source)
        } catch {
            report(node, path, error)
            return node
        }
    }

    /// Checks one middleware's table, or `false`.
    private mutating func middleware(
        _ name: String,
        _ node: SettingNode,
        in entries: [String: SettingNode],
        at path: SettingPath
    ) -> SettingNode {
        guard let table = middlewares[name] else {
            if mayBeMiddleware(name, node) { return node }
            unknownMiddleware(name, node, in: entries, at: path)
            return node
        }
        if case .scalar(.boolean(let isOn)) = node.content {
            if isOn {
                report(
                    node,
                    path,
                    "is not a table",
                    "remove it: the middleware is on unless it is false"
                )
            }
            return node
        }
        guard node.entries != nil else {
            report(
                node,
                path,
                "is \(node.value.kindName), not a table",
                "write false, or add \(Self.header(path)) instead"
            )
            return node
        }
        return walk(node, table, at: path, fillsDefaults: false)
    }

    private mutating func leaf(
        _ node: SettingNode,
        at path: SettingPath,
        _ check: (SettingValue) throws(SettingError) -> Void
    ) -> SettingNode {
        let value = node.value
        do throws(SettingError) {
            try check(value)
            return node
        } catch {
            // Environment variables are text. Convert the text of a number or boolean to the type of the key.
            if node.hasVariables, case .string(let text) = value {
                for candidate in SettingValue.readings(of: text) where (try? check(candidate)) != nil {
                    var result = node
                    result.content = .scalar(candidate)
                    return result
                }
            }
            report(node, path, error)
            return node
        }
    }

    private mutating func report(_ node: SettingNode, _ path: SettingPath, _ error: SettingError) {
        report(node, path, error.problem, error.suggestion)
    }

    private mutating func report(_ node: SettingNode, _ path: SettingPath, _ problem: String, _ suggestion: String) {
        let shown: String
        switch node.content {
        case .scalar where node.isFromEnvironment: shown = "the value from the environment"
        case .scalar where Redaction.isSecret(path): shown = "the value"
        case .scalar where Redaction.isWebhookURL(path): shown = "the URL"
        case .scalar: shown = node.value.withoutUserInformation.quoted
        case .list, .table:
            let text = node.redacted(at: path).value.withoutUserInformation.quoted
            shown = text.utf8.count <= 60 ? text : "the value"
        }
        let repeatsSecret = Redaction.isSecret(path) && suggestion.hasPrefix("write \"")
        let suggestion = Redaction.isWebhookURL(path) ? Self.urlAdvice(suggestion) : suggestion
        diagnostics.report(
            "\(shown) \(problem)",
            suggestion: repeatsSecret ? "put it in quotes" : node.safe(suggestion),
            path: path,
            at: node.source.position
        )
    }

    /// A suggestion for a URL whose path may be a secret. Errors of other parts of it have suggestions that repeat nothing.
    private static func urlAdvice(_ suggestion: String) -> String {
        suggestion.hasPrefix("write \"") ? "write a URL such as \"https://hooks.example/gateway\"" : suggestion
    }

    /// Updates `isInline` for the children of a node and returns the previous value, which the caller restores.
    private mutating func enter(_ node: SettingNode) -> Bool {
        defer { if Self.isAssigned(node) { isInline = true } }
        return isInline
    }

    /// Whether the value follows its key instead of a table header.
    private static func isAssigned(_ node: SettingNode) -> Bool {
        guard let key = node.keyPosition, let value = node.source.position else { return false }
        return (key.line, key.column) < (value.line, value.column)
    }

    /// Returns a suggestion to write a table. A header must go below the other keys, since it would capture those that
    /// follow it.
    private func tableHint(_ node: SettingNode, _ path: SettingPath) -> String {
        if isInline { return "write {}" }
        return "write \(Self.header(path))" + (Self.isAssigned(node) ? " below the other keys instead" : "")
    }

    /// Returns the header line of the table. TOML headers do not contain list indices.
    private static func header(_ path: SettingPath) -> String {
        var path = path
        path.steps.removeAll { step in
            if case .index = step { true } else { false }
        }
        return "[\(path)]"
    }

    private static func listHint(_ node: SettingNode, _ element: SettingSchema, _ path: SettingPath) -> String {
        if case .table = element, node.entries != nil { return "write [[\(path)]]" }
        guard case .scalar(let value) = node.content, !node.isFromEnvironment else { return "write a list" }
        // If the value is also invalid as an element, suggest the corrected element.
        do throws(SettingError) {
            if case .leaf(let type) = element {
                _ = try type.init(setting: value)
            } else if case .table(let table) = element, let type = table.shorthand, case .string(let text) = value {
                _ = try type.init(shorthand: text)
            }
        } catch {
            if let literal = error.firstLiteral {
                let rest = error.suggestion.dropFirst("write ".count + literal.count)
                return "write [\(literal)]" + (rest.hasPrefix(" if ") ? String(rest) : "")
            }
        }
        return "write [\(value.withoutUserInformation.quoted)]"
    }
}

extension SettingSchema {
    var isMiddlewares: Bool {
        if case .middlewares = self { true } else { false }
    }
}

extension SettingValue {
    /// Returns the other values that the text can be read as.
    package static func readings(of text: String) -> [SettingValue] {
        var readings: [SettingValue] = []
        if let integer = Int(text) { readings.append(.integer(integer)) }
        if let number = Double(text) { readings.append(.number(number)) }
        if text == "true" || text == "false" { readings.append(.boolean(text == "true")) }
        return readings
    }
}
