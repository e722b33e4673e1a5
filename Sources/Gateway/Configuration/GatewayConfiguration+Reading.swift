public import FoundationEssentials

extension GatewayConfiguration {
    /// Reads a file. Relative paths in it start from its folder.
    ///
    /// Tables of unknown middlewares are kept. The ``GatewayServer`` that receives the configuration checks them, and
    /// reports file, line and column too.
    ///
    /// - Parameters:
    ///   - path: The file. Positions in errors use this name.
    ///   - environment: The values of `${NAME}`.
    /// - Throws: Every mistake in the file, or an error that it cannot be read.
    public init(
        file path: String,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(ConfigurationErrors) {
        try self.init(file: path, environment: environment, middlewares: nil)
    }

    /// - Parameter middlewares: all middlewares whose tables may stand in the file; nil where there may be more of them.
    package init(
        file path: String,
        environment: [String: String] = ProcessInfo.processInfo.environment,
        middlewares: [MiddlewareDescription]?
    ) throws(ConfigurationErrors) {
        let text = try TextFile.configuration(path)
        try self.init(toml: text, file: path, environment: environment, middlewares: middlewares)
        if case .file(let log) = self.log.access {
            self.log.access = .file(path: ConfigurationFolder(of: path).path(log))
        }
    }

    /// Reads TOML text, like ``init(file:environment:)``.
    ///
    /// - Parameters:
    ///   - text: The contents of a file.
    ///   - file: The name used in errors.
    ///   - environment: The values of `${NAME}`.
    /// - Throws: Every mistake in the text.
    public init(
        toml text: String,
        file: String = "gateway.toml",
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(ConfigurationErrors) {
        try self.init(toml: text, file: file, environment: environment, middlewares: nil)
    }

    /// - Parameter middlewares: all middlewares whose tables may stand in the text; nil where there may be more of them.
    package init(
        toml text: String,
        file: String = "gateway.toml",
        environment: [String: String] = ProcessInfo.processInfo.environment,
        middlewares: [MiddlewareDescription]?
    ) throws(ConfigurationErrors) {
        let reading = try ConfigurationReading(
            toml: text,
            file: file,
            environment: environment,
            middlewares: middlewares
        )
        guard reading.errors.isEmpty else { throw ConfigurationErrors(reading.errors) }
        self = reading.configuration
    }

    /// Checks a configuration that a program built or that has tables of further middlewares, and names its routes.
    ///
    /// - Returns: the configuration with the tables of all middlewares as decoding wants them.
    /// - Throws: every mistake, with positions where the file has them.
    package func validated(middlewares: [MiddlewareDescription] = .standard) throws(ConfigurationErrors)
        -> GatewayConfiguration
    {
        var checked = self
        let errors = checked.check(middlewares: middlewares)
        guard errors.isEmpty else { throw ConfigurationErrors(errors) }
        checked.nameRoutes()
        return checked
    }

    /// Every mistake that the types allow.
    package func validate(middlewares: [MiddlewareDescription] = .standard) -> [ConfigurationError] {
        var checked = self
        return checked.check(middlewares: middlewares)
    }

    private mutating func check(middlewares: [MiddlewareDescription]) -> [ConfigurationError] {
        var walker = SettingWalker(middlewares: middlewares, diagnostics: ConfigurationDiagnostics())
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
        var validator = ConfigurationValidator(configuration: self, diagnostics: walker.diagnostics)
        validator.validate()
        return document.redacted(naming(ConfigurationErrors(validator.diagnostics.errors).errors))
    }

    /// The errors with the names of the routes that they belong to, also of those that were not named.
    func naming(_ errors: [ConfigurationError]) -> [ConfigurationError] {
        var named = self
        named.nameRoutes()
        return errors.map { error in
            guard error.route == nil, error.key.hasPrefix("routes["),
                let index = Int(error.key.dropFirst("routes[".count).prefix { $0 != "]" })
            else { return error }
            var error = error
            let route = document.root?.node(at: SettingPath("routes") + index)
            // A name may be a secret from the environment, and one that was made from the path as well.
            if ["name", "path"].contains(where: { route?.entries?[$0]?.isFromEnvironment == true }) { return error }
            if let name = route?.entries?["name"], case .scalar(.string(let text)) = name.content, !text.isEmpty {
                error.route = text
            } else if named.routes.indices.contains(index), !named.routes[index].path.isEmpty {
                error.route = named.routes[index].name
            }
            return error
        }
    }

    /// Gives every route without a name a unique one, made from its path.
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
