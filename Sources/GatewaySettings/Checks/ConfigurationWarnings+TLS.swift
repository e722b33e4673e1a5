extension ConfigurationWarnings {
    func tls() -> [ConfigurationError] { self.redirects() + self.subjects() }

    /// Warns about a redirect to https that no listener needs.
    private func redirects() -> [ConfigurationError] {
        let server = configuration.server
        guard server.httpsRedirect, !server.listen.isEmpty, server.listen.allSatisfy(server.isSecure) else { return [] }
        return [
            warning(
                .noEffect,
                SettingPath("server", "https_redirect"),
                "every address in server.listen uses TLS, so nothing is redirected",
                "add \"http://0.0.0.0:80\" to server.listen, or remove it"
            )
        ]
    }

    /// Warns about uses of the client's certificate where no client is asked for one.
    private func subjects() -> [ConfigurationError] {
        guard configuration.server.tls?.clientCA.isEmpty ?? true, let root = configuration.document.root else {
            return []
        }
        var warnings: [ConfigurationError] = []
        func visit(_ node: SettingNode, _ path: SettingPath) {
            switch node.content {
            case .scalar(.string(let text)):
                guard Self.namesSubject(text, at: path) else { return }
                warnings.append(
                    warning(
                        .noEffect,
                        path,
                        "without server.tls.client_ca, no client has a certificate",
                        "add client_ca to [server.tls]"
                    )
                )
            case .scalar: break
            case .list(let elements):
                for (index, element) in elements.enumerated() { visit(element, path + index) }
            case .table(let entries):
                for (key, entry) in entries { visit(entry, path + key) }
            }
        }
        visit(root, SettingPath())
        return warnings
    }

    private static func namesSubject(_ text: String, at path: SettingPath) -> Bool {
        let keys = path.steps.compactMap { step in
            if case .key(let name) = step { name } else { nil }
        }
        if text == "client_cert.subject" { return keys.last == "key" || keys.last == "hash_key" }
        guard text.contains("{client_cert.subject}"), let template = try? PlaceholderTemplate(text) else {
            return false
        }
        let isTemplate = keys.contains("headers") || keys.contains("redirect")
        return isTemplate
            && template.parts.contains { if case .placeholder(.clientCertificateSubject) = $0 { true } else { false } }
    }
}
