extension SettingWalker {
    /// Whether the key is left to those who know further middlewares. A near miss of a known key is not.
    func mayBeMiddleware(_ key: String, _ node: SettingNode, among table: SettingTableSchema? = nil) -> Bool {
        guard leavesUnknownMiddlewares else { return false }
        let isSwitch = if case .scalar(.boolean) = node.content { true } else { false }
        guard node.entries != nil || isSwitch else { return false }
        let keys = (table?.fields.filter { !$0.schema.isMiddlewares }.map(\.key) ?? []) + middlewares.keys
        return NearestName.of(key, among: keys) == nil
    }

    mutating func unknown(_ key: String, _ node: SettingNode, among table: SettingTableSchema, at path: SettingPath) {
        let keys =
            table.fields.filter { !(table.takesMiddlewares && $0.schema.isMiddlewares) }.map(\.key)
            + (table.takesMiddlewares ? middlewares.keys.sorted() : [])
        if UnsupportedSettings.contains(path) || table.takesMiddlewares && UnsupportedSettings.middlewares.contains(key)
        {
            unknown(node, path, "\(JSONText.quoted(key)) is not supported in this version", "remove it")
        } else if keys.isEmpty {
            let suggestion = "remove it: the table has no keys"
            unknown(node, path, "\(JSONText.quoted(key)) is not a known key", suggestion)
        } else if let nearest = NearestName.of(key, among: keys) {
            unknown(node, path, "\(JSONText.quoted(key)) is not a known key", "write \"\(nearest)\"")
        } else {
            unknown(
                node,
                path,
                "\(JSONText.quoted(key)) is not a known key",
                "remove it: the keys here are \(Self.list(keys))"
            )
        }
    }

    mutating func unknownMiddleware(_ name: String, _ node: SettingNode, at path: SettingPath) {
        let message = "\(JSONText.quoted(name)) is not a middleware"
        if UnsupportedSettings.middlewares.contains(name) {
            unknown(node, path, "\(JSONText.quoted(name)) is not supported in this version", "remove it")
        } else if let nearest = NearestName.of(name, among: middlewares.keys) {
            unknown(node, path, message, "write \"\(nearest)\"")
        } else {
            unknown(node, path, message, "remove it: the middlewares are \(Self.list(middlewares.keys.sorted()))")
        }
    }

    private mutating func unknown(_ node: SettingNode, _ path: SettingPath, _ message: String, _ suggestion: String) {
        diagnostics.report(message, suggestion: suggestion, path: path, at: node.keyPosition ?? node.source.position)
    }

    static func list(_ names: [String]) -> String {
        names.count < 2 ? names.joined() : names.dropLast().joined(separator: ", ") + " and " + names[names.count - 1]
    }
}
