import FoundationEssentials
import GatewayMiddlewares
import GatewaySettings

/// All errors and warnings of a configuration file, from syntax errors to those found by building the middleware
/// chains. Checking opens no listeners and contacts no upstreams.
package struct ConfigurationCheck: Sendable {
    /// Sorted by position in the file.
    package let errors: [ConfigurationError]
    package let warnings: [ConfigurationError]

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
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) async throws {
        let reading: ConfigurationReading
        do throws(ConfigurationErrors) {
            reading = try ConfigurationReading(
                toml: text,
                file: file,
                environment: environment,
                vocabulary: ConfigurationVocabulary(.standard)
            )
        } catch {
            self.init(error)
            return
        }
        let compiled = try await PlanCheck(
            reading.configuration,
            after: reading.diagnostics,
            middlewares: StandardMiddlewares.all
        )
        self.init(
            ConfigurationErrors(reading.errors + compiled.errors),
            warnings: reading.configuration.document.warnings + compiled.warnings
        )
    }

    private init(_ errors: ConfigurationErrors, warnings: [ConfigurationError] = []) {
        self.errors = errors.errors
        self.warnings = ConfigurationErrors(warnings).errors
    }
}
