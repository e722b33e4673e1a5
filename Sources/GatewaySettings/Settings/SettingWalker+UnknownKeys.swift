extension SettingWalker {
    /// Whether the key may belong to a middleware that is checked later. A key that is close to a known one does not
    /// count.
    func mayBeMiddleware(_ key: String, _ node: SettingNode, among table: SettingTableSchema? = nil) -> Bool {
        guard leavesUnknownMiddlewares else { return false }
        let isSwitch = if case .scalar(.boolean) = node.content { true } else { false }
        guard node.entries != nil || isSwitch else { return false }
        let keys = (table?.fields.filter { !$0.schema.isMiddlewares }.map(\.key) ?? []) + middlewares.keys
        return NearestName.of(key, among: keys) == nil
    }

    /// Reports an unknown key.
    ///
    /// - Parameter entries: The entries of the table that contains the key.
    package mutating func unknown(
        _ key: String,
        _ node: SettingNode,
        in entries: [String: SettingNode],
        among table: SettingTableSchema,
        at path: SettingPath
    ) {
        let keys =
            table.fields.filter { !(table.takesMiddlewares && $0.schema.isMiddlewares) }.map(\.key)
            + (table.takesMiddlewares ? middlewares.keys.sorted() : [])
        if UnsupportedSettings.contains(path) {
            unknown(node, path, "\(JSONText.quoted(key)) is not supported in this version", "remove it")
        } else if keys.isEmpty {
            let suggestion = "remove it: the table has no keys"
            unknown(node, path, "\(JSONText.quoted(key)) is not a known key", suggestion)
        } else if let nearest = NearestName.of(key, among: keys) {
            let suggestion = Self.rename(node, nearest, in: entries)
            unknown(node, path, "\(JSONText.quoted(key)) is not a known key", suggestion)
        } else {
            unknown(
                node,
                path,
                "\(JSONText.quoted(key)) is not a known key",
                "remove it: the keys here are \(Self.list(keys))"
            )
        }
    }

    mutating func unknownMiddleware(
        _ name: String,
        _ node: SettingNode,
        in entries: [String: SettingNode],
        at path: SettingPath
    ) {
        let message = "\(JSONText.quoted(name)) is not a middleware"
        if let nearest = NearestName.of(name, among: middlewares.keys) {
            unknown(node, path, message, Self.rename(node, nearest, in: entries))
        } else {
            unknown(node, path, message, "remove it: the middlewares are \(Self.list(middlewares.keys.sorted()))")
        }
    }

    /// Returns a suggestion to rename the key, unless the table already contains the intended key.
    private static func rename(_ node: SettingNode, _ key: String, in entries: [String: SettingNode]) -> String {
        guard let other = entries[key] else { return "write \"\(key)\"" }
        let areTables = node.entries != nil && other.entries != nil
        return areTables ? "remove it, or merge it with \"\(key)\"" : "remove it: \"\(key)\" is there too"
    }

    private mutating func unknown(_ node: SettingNode, _ path: SettingPath, _ message: String, _ suggestion: String) {
        diagnostics.report(message, suggestion: suggestion, path: path, at: node.keyPosition ?? node.source.position)
    }

    package static func list(_ names: [String]) -> String {
        names.count < 2 ? names.joined() : names.dropLast().joined(separator: ", ") + " and " + names[names.count - 1]
    }
}
