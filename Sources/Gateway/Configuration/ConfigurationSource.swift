import FoundationEssentials
import GatewayCore
import GatewayMiddlewares
import GatewaySettings

/// Where a program's configuration comes from, to read it again or to read another one in its place.
package struct ConfigurationSource: Sendable {
    /// Applies what takes precedence over a file, such as flags.
    package typealias Overrides = @Sendable (inout GatewayConfiguration) throws(ConfigurationErrors) -> Void

    /// The file; nil if the program has none.
    package let file: String?
    /// The environment variables for `${NAME}`.
    package let environment: [String: String]
    private let overrides: Overrides
    /// Called when a reload begins.
    package var willReload: @Sendable () -> Void = {}
    /// Called when a reload has ended, whether it was applied or refused.
    package var didReload: @Sendable () -> Void = {}
    /// Called after each reload with the configuration that runs then.
    package var didApply: @Sendable (GatewayConfiguration) -> Void = { _ in }

    package init(
        file: String? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment,
        overrides: @escaping Overrides = { (_) throws(ConfigurationErrors) in }
    ) {
        self.file = file
        self.environment = environment
        self.overrides = overrides
    }

    /// The name of the configuration in errors.
    var name: String { self.file ?? "gateway.toml" }

    /// Reads the file again, or returns an empty configuration if there is none.
    func read(middlewares: [MiddlewareDescription]) throws(ConfigurationErrors) -> GatewayConfiguration {
        guard let file = self.file else { return GatewayConfiguration() }
        var configuration = try GatewayConfiguration(
            file: file,
            environment: self.environment,
            middlewares: middlewares
        )
        try self.overrides(&configuration)
        return configuration
    }

    /// Checks text that takes the place of the file.
    ///
    /// - Throws: ``CancellationError``, or an error of the event loop that builds the chains.
    func check(_ toml: String, middlewares: [MiddlewareRegistration]) async throws -> ConfigurationCheck {
        let check = try await ConfigurationCheck(
            toml: toml,
            file: self.name,
            environment: self.environment,
            middlewares: middlewares
        )
        return check.errors.isEmpty ? check.applying(self.overrides) : check
    }
}
