public import FoundationEssentials
import GatewayAdmin
import GatewayMiddlewares
public import GatewaySettings

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

    /// - Parameter middlewares: All middlewares whose tables may be in the file; nil if there may be more of them.
    package init(
        file path: String,
        environment: [String: String] = ProcessInfo.processInfo.environment,
        middlewares: [MiddlewareDescription]?
    ) throws(ConfigurationErrors) {
        try self.init(file: path, environment: environment, vocabulary: ConfigurationVocabulary(middlewares))
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

    /// - Parameter middlewares: All middlewares whose tables may be in the text; nil if there may be more of them.
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

    /// Checks a configuration that a program built or that has tables of further middlewares, and names its routes.
    ///
    /// - Throws: Every mistake, with positions where the file has them.
    package func validated(middlewares: [MiddlewareDescription] = .standard) throws(ConfigurationErrors)
        -> GatewayConfiguration
    {
        try self.validated(ConfigurationVocabulary(middlewares))
    }

    /// Every mistake that the types allow.
    package func validate(middlewares: [MiddlewareDescription] = .standard) -> [ConfigurationError] {
        self.validate(ConfigurationVocabulary(middlewares))
    }
}

extension ConfigurationVocabulary {
    /// - Parameter middlewares: The complete chain; nil for the standard one, to which a program may add more.
    init(_ middlewares: [MiddlewareDescription]?) {
        self.init(
            middlewares: middlewares ?? .standard,
            allowsFurtherMiddlewares: middlewares == nil,
            adminPaths: AdminEndpoints.exposable
        )
    }
}
