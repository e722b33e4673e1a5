/// The readable part of a configuration file, with all errors found while reading.
package struct ConfigurationReading: Sendable {
    /// The configuration. Invalid values are left out or replaced by defaults.
    package let configuration: GatewayConfiguration
    /// The paths of the errors.
    package let diagnostics: ConfigurationDiagnostics
    package let errors: [ConfigurationError]

    /// Reads a configuration.
    ///
    /// - Throws: A syntax error, after which nothing can be read.
    package init(
        toml text: String,
        file: String,
        environment: [String: String],
        vocabulary: ConfigurationVocabulary
    ) throws(ConfigurationErrors) {
        var diagnostics = ConfigurationDiagnostics()
        let written = EnvironmentVariables(values: environment)
            .applied(to: try TOMLDocument.read(text, file: file), at: SettingPath(), diagnostics: &diagnostics)
        var walker = SettingWalker(middlewares: vocabulary.middlewares, diagnostics: diagnostics)
        walker.leavesUnknownMiddlewares = vocabulary.allowsFurtherMiddlewares
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
        var validator = ConfigurationValidator(
            configuration: configuration,
            vocabulary: vocabulary,
            diagnostics: walker.diagnostics
        )
        validator.validate()
        let errors = ConfigurationErrors(validator.diagnostics.errors).errors
        self.errors = redaction.applied(to: configuration.naming(errors))
        configuration.nameRoutes()
        configuration.nameWebhooks()
        let warnings = ConfigurationWarnings(
            configuration: configuration,
            vocabulary: vocabulary,
            diagnostics: validator.diagnostics
        ).all()
        configuration.document.warnings = redaction.applied(to: configuration.naming(warnings))
        self.diagnostics = validator.diagnostics
        self.configuration = configuration
    }
}
