/// Finds what `gateway lint` reports beyond the warnings of `gateway check`, in a configuration without errors.
package struct ConfigurationLint {
    let configuration: GatewayConfiguration
    let vocabulary: ConfigurationVocabulary
    /// The middleware tables of all scopes, with their paths.
    let tables: [(path: SettingPath, tables: MiddlewareTables)]

    package init(configuration: GatewayConfiguration, vocabulary: ConfigurationVocabulary) {
        self.configuration = configuration
        self.vocabulary = vocabulary
        self.tables =
            [(SettingPath("middleware"), configuration.middleware)]
            + configuration.policies.sorted { $0.key < $1.key }.map { (SettingPath("policies") + $0.key, $0.value) }
            + configuration.routes.enumerated().map { (SettingPath("routes") + $0.offset, $0.element.middleware) }
    }

    /// Returns the findings, without values of environment variables.
    package func warnings() -> [ConfigurationError] {
        let warnings =
            self.policies() + self.origins() + self.hsts() + self.passwordsInURLs() + self.credentials() + self.limits()
        let named = warnings.map { $0.naming(self.configuration.routes) }
        return self.configuration.document.redacted(ConfigurationErrors(named).errors)
    }

    func warning(
        _ rule: LintRule,
        _ path: SettingPath,
        _ problem: String,
        _ suggestion: String
    ) -> ConfigurationError {
        let position = self.configuration.document.position(of: path)
        return ConfigurationError(problem, suggestion: suggestion, key: path.description, at: position)
            .found(by: rule)
    }

    /// Returns the texts at a path below the table of a middleware, in every scope where it is written.
    func texts(_ middleware: String, _ keys: String...) -> [(path: SettingPath, text: String)] {
        let below = keys.reduce(SettingPath()) { $0 + $1 }
        return self.tables.flatMap { place, tables -> [(path: SettingPath, text: String)] in
            guard let node = tables.nodes[middleware]?.node(at: below) else { return [] }
            return Self.texts(node, place + middleware + below)
        }
    }

    private static func texts(_ node: SettingNode, _ path: SettingPath) -> [(path: SettingPath, text: String)] {
        switch node.content {
        case .scalar(.string(let text)): [(path, text)]
        case .scalar: []
        case .list(let elements): elements.enumerated().flatMap { Self.texts($0.element, path + $0.offset) }
        case .table(let entries):
            entries.sorted { $0.key < $1.key }.flatMap { Self.texts($0.value, path + $0.key) }
        }
    }

    /// Returns the values of a response field that the gateway writes, in every scope where one is written.
    func responseFields(_ name: String) -> [(path: SettingPath, text: String)] {
        (self.texts("headers", "response", "set") + self.texts("headers", "response", "add")).filter { path, _ in
            if case .key(let key)? = path.steps.last { key.lowercased() == name } else { false }
        }
    }
}
