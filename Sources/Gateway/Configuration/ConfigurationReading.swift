/// A configuration file as far as it could be read, with every mistake that reading shows.
struct ConfigurationReading: Sendable {
    /// Values that are mistaken are left out or replaced by defaults.
    let configuration: GatewayConfiguration
    /// Which places the mistakes are at.
    let diagnostics: ConfigurationDiagnostics
    let errors: [ConfigurationError]

    /// - Parameter middlewares: all middlewares whose tables may be in the text; nil if there may be more of them.
    /// - Throws: an error in the syntax, beyond which nothing can be read.
    init(
        toml text: String,
        file: String,
        environment: [String: String],
        middlewares: [MiddlewareDescription]?
    ) throws(ConfigurationErrors) {
        var diagnostics = ConfigurationDiagnostics()
        let written = EnvironmentVariables(values: environment)
            .applied(to: try TOMLDocument.read(text, file: file), at: SettingPath(), diagnostics: &diagnostics)
        var walker = SettingWalker(middlewares: middlewares ?? .standard, diagnostics: diagnostics)
        walker.leavesUnknownMiddlewares = middlewares == nil
        let schema = SettingSchema.table(SettingSchema.of(GatewayConfiguration()))
        let complete = walker.walk(written, schema, at: SettingPath())
        let redaction = EnvironmentRedaction(written)
        var configuration: GatewayConfiguration
        do {
            configuration = try SettingDecoder.decode(GatewayConfiguration.self, from: complete, at: SettingPath())
        } catch {
            let own = (error as? ConfigurationError) ?? ConfigurationError("\(error)")
            let errors = walker.diagnostics.errors
            throw ConfigurationErrors(redaction.applied(to: errors.isEmpty ? [own] : errors))
        }
        configuration.document.root = written
        var validator = ConfigurationValidator(configuration: configuration, diagnostics: walker.diagnostics)
        validator.validate()
        let errors = ConfigurationErrors(validator.diagnostics.errors).errors
        self.errors = redaction.applied(to: configuration.naming(errors))
        configuration.nameRoutes()
        let warnings = ConfigurationWarnings(
            configuration: configuration,
            middlewares: middlewares ?? .standard,
            diagnostics: validator.diagnostics
        ).all()
        configuration.document.warnings = redaction.applied(to: configuration.naming(warnings))
        self.diagnostics = validator.diagnostics
        self.configuration = configuration
    }
}
