extension GatewayConfiguration {
    /// Reads and validates a file. Relative paths in the file are resolved against its folder.
    ///
    /// - Parameters:
    ///   - path: The path of the file. Errors use it in positions.
    ///   - environment: The environment variables for `${NAME}`.
    ///   - vocabulary: The middlewares and admin endpoints that the file may name.
    package init(
        file path: String,
        environment: [String: String],
        vocabulary: ConfigurationVocabulary
    ) throws(ConfigurationErrors) {
        let text = try TextFile.configuration(path)
        try self.init(toml: text, file: path, environment: environment, vocabulary: vocabulary)
        self = self.resolvingPaths(of: path)
    }

    /// Returns the configuration with relative paths resolved against the folder of its file.
    package func resolvingPaths(of file: String) -> GatewayConfiguration {
        let folder = ConfigurationFolder(of: file)
        var resolved = self
        if case .file(let log) = self.log.access { resolved.log.access = .file(path: folder.path(log)) }
        if !self.audit.file.isEmpty { resolved.audit.file = folder.path(self.audit.file) }
        if !self.events.store.isEmpty { resolved.events.store = folder.path(self.events.store) }
        resolved.document.folder = folder
        return resolved
    }

    /// Reads and validates TOML text, like ``init(file:environment:vocabulary:)``.
    package init(
        toml text: String,
        file: String,
        environment: [String: String],
        vocabulary: ConfigurationVocabulary
    ) throws(ConfigurationErrors) {
        let reading = try ConfigurationReading(
            toml: text,
            file: file,
            environment: environment,
            vocabulary: vocabulary
        )
        guard reading.errors.isEmpty else { throw ConfigurationErrors(reading.errors) }
        self = reading.configuration
    }

    /// Validates a configuration that was built in code or contains tables of additional middlewares, and names its
    /// routes.
    ///
    /// - Returns: The configuration with all middleware tables in the form that decoding expects.
    /// - Throws: All errors, with their positions in the file where known.
    package func validated(_ vocabulary: ConfigurationVocabulary) throws(ConfigurationErrors) -> GatewayConfiguration {
        var checked = self
        let errors = checked.check(vocabulary)
        guard errors.isEmpty else { throw ConfigurationErrors(errors) }
        checked.nameRoutes()
        checked.nameWebhooks()
        return checked
    }

    /// Returns all errors that the types cannot rule out.
    package func validate(_ vocabulary: ConfigurationVocabulary) -> [ConfigurationError] {
        var checked = self
        return checked.check(vocabulary)
    }

    private mutating func check(_ vocabulary: ConfigurationVocabulary) -> [ConfigurationError] {
        var walker = SettingWalker(middlewares: vocabulary.middlewares, diagnostics: ConfigurationDiagnostics())
        func walk(_ tables: inout MiddlewareTables, _ path: SettingPath) {
            let node = walker.walk(SettingNode(.table(tables.nodes), source: .code), .middlewares, at: path)
            tables.nodes = node.entries ?? [:]
        }
        walk(&middleware, SettingPath("middleware"))
        for (name, tables) in policies {
            var tables = tables
            walk(&tables, SettingPath("policies") + name)
            policies[name] = tables
        }
        for index in routes.indices { walk(&routes[index].middleware, SettingPath("routes") + index) }
        var validator = ConfigurationValidator(
            configuration: self,
            vocabulary: vocabulary,
            diagnostics: walker.diagnostics
        )
        validator.validate()
        return document.redacted(naming(ConfigurationErrors(validator.diagnostics.errors).errors))
    }

    /// Returns the errors with the names of their routes, including routes that were not named explicitly.
    package func naming(_ errors: [ConfigurationError]) -> [ConfigurationError] {
        var named = self
        named.nameRoutes()
        return errors.map { error in
            guard error.route == nil, error.key.hasPrefix("routes["),
                let index = Int(error.key.dropFirst("routes[".count).prefix { $0 != "]" })
            else { return error }
            var error = error
            let route = document.root?.node(at: SettingPath("routes") + index)
            // The name may contain a secret from the environment, and so may a name derived from the path.
            if ["name", "path"].contains(where: { route?.entries?[$0]?.isFromEnvironment == true }) { return error }
            if let name = route?.entries?["name"], case .scalar(.string(let text)) = name.content, !text.isEmpty {
                error.route = text
            } else if named.routes.indices.contains(index), !named.routes[index].path.isEmpty {
                error.route = named.routes[index].name
            }
            return error
        }
    }

    /// Gives every webhook without an ID the host of its URL as one.
    mutating func nameWebhooks() {
        for index in events.webhooks.indices { events.webhooks[index].id = events.webhooks[index].name }
    }

    /// Gives every unnamed route a unique name derived from its path.
    mutating func nameRoutes() {
        var taken = Set(routes.map(\.name))
        for index in routes.indices where routes[index].name.isEmpty {
            let base = PathPattern.routeName(routes[index].path)
            var name = base
            var number = 2
            while !taken.insert(name).inserted {
                name = "\(base)-\(number)"
                number += 1
            }
            routes[index].name = name
        }
    }
}
