public import FoundationEssentials

extension GatewayConfiguration {
    /// Reads a file. Relative paths in it start from its folder.
    ///
    /// Tables of middlewares that the gateway does not bring are kept as they are; the ``GatewayServer`` that gets the
    /// configuration checks them, and names file, line and column too.
    ///
    /// - Parameters:
    ///   - path: the file; positions in errors name it so.
    ///   - environment: what `${NAME}` stands for.
    /// - Throws: every mistake in the file, or that it cannot be read.
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
        let text: String
        do throws(SettingError) {
            text = try TextFile.read(path)
        } catch {
            var unreadable = ConfigurationError(error.problem, suggestion: error.suggestion)
            unreadable.file = path
            throw ConfigurationErrors([unreadable])
        }
        try self.init(toml: text, file: path, environment: environment, middlewares: middlewares)
        if case .file(let log) = self.log.access {
            self.log.access = .file(path: ConfigurationFolder(of: path).path(log))
        }
    }

    /// Reads TOML text, as ``init(file:environment:)`` reads a file.
    ///
    /// - Parameters:
    ///   - text: what a file would hold.
    ///   - file: what errors call it.
    ///   - environment: what `${NAME}` stands for.
    /// - Throws: every mistake in the text.
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
        var diagnostics = ConfigurationDiagnostics()
        let written = EnvironmentVariables(values: environment)
            .applied(to: try TOMLDocument.read(text, file: file), at: SettingPath(), diagnostics: &diagnostics)
        let redaction = EnvironmentRedaction(written)
        do throws(ConfigurationErrors) {
            try self.init(written, diagnostics, middlewares: middlewares)
        } catch {
            throw ConfigurationErrors(redaction.applied(to: error.errors))
        }
        document.warnings = redaction.applied(to: document.warnings)
    }

    /// - Parameter written: with environment variables put in, which the errors may show.
    private init(
        _ written: SettingNode,
        _ diagnostics: ConfigurationDiagnostics,
        middlewares: [MiddlewareDescription]?
    ) throws(ConfigurationErrors) {
        var walker = SettingWalker(middlewares: middlewares ?? .standard, diagnostics: diagnostics)
        walker.leavesUnknownMiddlewares = middlewares == nil
        let schema = SettingSchema.table(SettingSchema.of(GatewayConfiguration()))
        let complete = walker.walk(written, schema, at: SettingPath())
        do {
            self = try SettingDecoder.decode(GatewayConfiguration.self, from: complete, at: SettingPath())
        } catch {
            let own = (error as? ConfigurationError) ?? ConfigurationError("\(error)")
            let errors = walker.diagnostics.errors
            throw ConfigurationErrors(errors.isEmpty ? [own] : errors)
        }
        document.root = written

        var validator = ConfigurationValidator(configuration: self, diagnostics: walker.diagnostics)
        validator.validate()
        guard validator.diagnostics.errors.isEmpty else { throw ConfigurationErrors(validator.diagnostics.errors) }
        nameRoutes()
        document.warnings = ConfigurationWarnings(configuration: self, middlewares: middlewares ?? .standard).all()
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
        return document.redacted(ConfigurationErrors(validator.diagnostics.errors).errors)
    }

    /// Gives routes without a name one that is made from the path, and unlike all others.
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
