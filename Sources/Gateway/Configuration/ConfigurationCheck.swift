import FoundationEssentials
import GatewayCore
import GatewayMiddlewares
import GatewaySettings

/// All errors and warnings of a configuration file, from syntax errors to those found by building the middleware
/// chains. Checking opens no listeners and contacts no upstreams.
package struct ConfigurationCheck: Sendable {
    /// Sorted by position in the file.
    package let errors: [ConfigurationError]
    package let warnings: [ConfigurationError]
    /// The configuration; nil if there are errors.
    package let configuration: GatewayConfiguration?

    package init(
        file path: String,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) async throws {
        do {
            try await self.init(toml: TextFile.configuration(path), file: path, environment: environment)
        } catch let error as ConfigurationErrors {
            self.init(error)
        }
    }

    package init(
        toml text: String,
        file: String = "gateway.toml",
        environment: [String: String] = ProcessInfo.processInfo.environment,
        middlewares: [MiddlewareRegistration] = StandardMiddlewares.all
    ) async throws {
        let reading: ConfigurationReading
        do throws(ConfigurationErrors) {
            reading = try ConfigurationReading(
                toml: text,
                file: file,
                environment: environment,
                vocabulary: ConfigurationVocabulary(middlewares.descriptions)
            )
        } catch {
            self.init(error)
            return
        }
        let compiled = try await PlanCheck(
            reading.configuration.resolvingPaths(of: file),
            after: reading.diagnostics,
            middlewares: middlewares
        )
        self.init(
            ConfigurationErrors(reading.errors + compiled.errors),
            warnings: reading.configuration.document.warnings + compiled.warnings,
            reading.configuration.resolvingPaths(of: file)
        )
    }

    private init(
        _ errors: ConfigurationErrors,
        warnings: [ConfigurationError] = [],
        _ configuration: GatewayConfiguration? = nil
    ) {
        self.errors = errors.errors
        self.warnings = ConfigurationErrors(warnings).errors
        self.configuration = self.errors.isEmpty ? configuration : nil
    }

    /// Returns the check of the configuration with overrides applied, which may be in conflict with it.
    func applying(_ overrides: ConfigurationSource.Overrides) -> ConfigurationCheck {
        guard var configuration = self.configuration else { return self }
        do throws(ConfigurationErrors) {
            try overrides(&configuration)
            return ConfigurationCheck(ConfigurationErrors([]), warnings: self.warnings, configuration)
        } catch {
            return ConfigurationCheck(error, warnings: self.warnings)
        }
    }
}
