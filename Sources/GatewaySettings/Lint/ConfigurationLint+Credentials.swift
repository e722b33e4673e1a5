/// Credentials in the file, and credentials that no route asks for.
extension ConfigurationLint {
    /// Finds passwords in URLs. The warnings of `gateway check` cover all other secrets.
    func passwordsInURLs() -> [ConfigurationError] {
        var warnings: [ConfigurationError] = []
        func visit(_ node: SettingNode, _ path: SettingPath) {
            switch node.content {
            case .scalar(.string(let text)):
                guard Redaction.isURL(path), !node.isFromEnvironment, Self.hasPassword(text) else { return }
                warnings.append(
                    self.warning(
                        .secretInFile,
                        path,
                        "the URL has a password in plain text",
                        "write \"${NAME}\" in its place and set that environment variable"
                    )
                )
            case .scalar: break
            case .list(let elements):
                for (index, element) in elements.enumerated() { visit(element, path + index) }
            case .table(let entries):
                for (key, entry) in entries { visit(entry, path + key) }
            }
        }
        if let root = self.configuration.document.root { visit(root, SettingPath()) }
        return warnings
    }

    /// Whether the user information of a URL has a password (RFC 3986 section 3.2.1).
    private static func hasPassword(_ url: String) -> Bool {
        guard let start = url.firstRange(of: "://")?.upperBound else { return false }
        let authority = url[start...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard let end = authority.lastIndex(of: "@") else { return false }
        guard let colon = authority[..<end].firstIndex(of: ":") else { return false }
        return authority.index(after: colon) < end
    }

    /// Finds kinds of credentials that no route accepts.
    func credentials() -> [ConfigurationError] {
        let auth = self.configuration.auth
        let accepted = Set(self.texts("auth", "any").map(\.text))
        let kinds = [
            ("api_key", auth.apiKey != nil), ("jwt", auth.jwt != nil), ("basic", auth.basic != nil),
            ("forward", auth.forward != nil),
        ]
        return kinds.filter { $0.1 && !accepted.contains($0.0) }.map { kind, _ in
            self.warning(
                .unused,
                SettingPath("auth") + kind,
                "no route asks for these credentials, so that anybody may use the routes",
                "add auth = { any = [\"\(kind)\"] } to a route, or remove the table"
            )
        }
    }
}
