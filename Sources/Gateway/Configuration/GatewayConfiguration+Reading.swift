public import FoundationEssentials
import GatewayAdmin
import GatewayCore
import GatewayEvents
import GatewayMiddlewares
public import GatewaySettings

extension GatewayConfiguration {
    /// Reads a configuration file. Relative paths in the file are resolved against its folder.
    ///
    /// Tables of unknown middlewares are kept. The ``GatewayServer`` that receives the configuration validates them and
    /// reports errors with file, line and column.
    ///
    /// - Parameters:
    ///   - path: The path of the file. Errors use it in positions.
    ///   - environment: The environment variables for `${NAME}`.
    /// - Throws: ``ConfigurationErrors`` with all errors in the file, or with the reason why it cannot be read.
    public init(
        file path: String,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(ConfigurationErrors) {
        try self.init(file: path, environment: environment, middlewares: nil)
    }

    /// Reads a configuration file.
    ///
    /// - Parameter middlewares: All middlewares that the file may configure; nil if there may be more.
    package init(
        file path: String,
        environment: [String: String] = ProcessInfo.processInfo.environment,
        middlewares: [MiddlewareDescription]?
    ) throws(ConfigurationErrors) {
        try self.init(file: path, environment: environment, vocabulary: ConfigurationVocabulary(middlewares))
    }

    /// Reads what can be read of a configuration file. Invalid values are left out or replaced by defaults.
    ///
    /// - Throws: A syntax error, or the reason why the file cannot be read.
    package init(readableIn path: String) throws(ConfigurationErrors) {
        self =
            try ConfigurationReading(
                toml: TextFile.configuration(path),
                file: path,
                environment: ProcessInfo.processInfo.environment,
                vocabulary: ConfigurationVocabulary(.standard)
            ).configuration
    }

    /// Reads TOML text, like ``init(file:environment:)``.
    ///
    /// - Parameters:
    ///   - text: The contents of the file.
    ///   - file: The file name to use in errors.
    ///   - environment: The environment variables for `${NAME}`.
    /// - Throws: ``ConfigurationErrors`` with all errors in the text.
    public init(
        toml text: String,
        file: String = "gateway.toml",
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(ConfigurationErrors) {
        try self.init(toml: text, file: file, environment: environment, middlewares: nil)
    }

    /// Reads TOML text.
    ///
    /// - Parameter middlewares: All middlewares that the text may configure; nil if there may be more.
    package init(
        toml text: String,
        file: String = "gateway.toml",
        environment: [String: String] = ProcessInfo.processInfo.environment,
        middlewares: [MiddlewareDescription]?
    ) throws(ConfigurationErrors) {
        try self.init(
            toml: text,
            file: file,
            environment: environment,
            vocabulary: ConfigurationVocabulary(middlewares)
        )
    }

    /// Validates a configuration that was built in code or contains tables of additional middlewares, and names its
    /// routes.
    ///
    /// - Throws: All errors, with their positions in the file where known.
    package func validated(middlewares: [MiddlewareDescription] = .standard) throws(ConfigurationErrors)
        -> GatewayConfiguration
    {
        try self.validated(ConfigurationVocabulary(middlewares))
    }

    /// Returns all errors that the types cannot rule out.
    package func validate(middlewares: [MiddlewareDescription] = .standard) -> [ConfigurationError] {
        self.validate(ConfigurationVocabulary(middlewares))
    }
}

extension ConfigurationVocabulary {
    /// Creates the vocabulary for a middleware chain.
    ///
    /// - Parameter middlewares: The complete chain; nil for the standard chain, which a program may extend.
    init(_ middlewares: [MiddlewareDescription]?) {
        self.init(
            middlewares: middlewares ?? .standard,
            allowsFurtherMiddlewares: middlewares == nil,
            adminPaths: AdminEndpoints.exposable,
            errorCodes: GatewayError.Code.all.map(\.name) + EventService.errorCodes,
            eventTypes: EventCatalog.all.map(\.type)
        )
    }
}
