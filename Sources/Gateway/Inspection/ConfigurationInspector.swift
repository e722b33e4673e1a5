import GatewayAdmin
import GatewayCore
import GatewayMiddlewares
import GatewaySettings

/// Checks configurations that callers post, and compares them with the running one. It opens no listeners, contacts no
/// upstreams and writes no files.
final class ConfigurationInspector: Sendable {
    private let source: ConfigurationSource
    private let middlewares: [MiddlewareRegistration]
    private let turns = InspectionTurns()

    init(_ source: ConfigurationSource, middlewares: [MiddlewareRegistration]) {
        self.source = source
        self.middlewares = middlewares
    }

    /// Checks text as `gateway check` does.
    func check(_ toml: String) async -> InspectionOutcome {
        await self.inTurn { try await $0.checked(toml) }
    }

    /// Compares text with a configuration. Nil compares the file, as a reload would read it.
    func compare(_ toml: String?, with running: GatewayConfiguration) async -> InspectionOutcome {
        await self.inTurn { try await $0.compared(toml, with: running) }
    }

    private func inTurn(
        _ inspect: @escaping @Sendable (ConfigurationInspector) async throws -> InspectionOutcome
    ) async -> InspectionOutcome {
        guard await self.turns.begin() else { return .busy }
        defer { self.turns.end() }
        do {
            return try await InspectionThread.run { try await inspect(self) }
        } catch {
            // No thread, or no event loop to build the chains on.
            return .busy
        }
    }

    private func checked(_ toml: String) async throws -> InspectionOutcome {
        let check = try await self.source.check(toml, middlewares: self.middlewares)
        return .report(.check(of: self.source.name, errors: check.errors, warnings: check.warnings))
    }

    private func compared(_ toml: String?, with running: GatewayConfiguration) async throws -> InspectionOutcome {
        let text: String
        do throws(ConfigurationErrors) {
            if let toml {
                text = toml
            } else if let file = self.source.file {
                text = try TextFile.configuration(file)
            } else {
                let error = ConfigurationError(
                    "the gateway runs without a configuration file",
                    suggestion: "post one",
                    key: ""
                )
                return .refused([error], file: self.source.name)
            }
        } catch {
            return .refused(error.errors, file: self.source.name)
        }
        let check = try await self.source.check(text, middlewares: self.middlewares)
        guard let configuration = check.configuration else { return .refused(check.errors, file: self.source.name) }
        do throws(ConfigurationErrors) {
            try GatewayRuntime.requireRoutes(configuration)
        } catch {
            return .refused(error.errors, file: self.source.name)
        }
        let descriptions = self.middlewares.descriptions
        let comparison = ConfigurationComparison(from: running, to: configuration, middlewares: descriptions)
        var reloaded = configuration
        let warnings = RestartSettings.keep(in: &reloaded, of: running)
        return .report(AppliedReload(changes: comparison, warnings: warnings).json)
    }
}
