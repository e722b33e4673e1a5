import ArgumentParser
import FoundationEssentials
import Gateway
import GatewayMiddlewares
import GatewaySettings

/// The option that selects the configuration file of a command.
struct ConfigurationFile: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The configuration file.",
            discussion: "Default: $GATEWAY_CONFIG, or else gateway.toml.",
            valueName: "file"
        ),
        completion: .file(extensions: ["toml"])
    )
    var config: String?

    /// The file from the flag or the environment, or else the one in the working directory; nil if there is none.
    var path: String? {
        if let config { return config }
        if let named = Environment.current["GATEWAY_CONFIG"] { return named }
        return FileManager.default.fileExists(atPath: "gateway.toml") ? "gateway.toml" : nil
    }

    /// Returns the configuration and its name for messages, or the built-in demo if there is no file.
    ///
    /// - Throws: ``ConfigurationErrors`` with all errors that `gateway check` would report.
    func readOrDemo() async throws -> (GatewayConfiguration, origin: String) {
        guard let path else { return (GatewayConfiguration.demo, "built-in demo") }
        do throws(ConfigurationErrors) {
            return (try GatewayConfiguration(file: path, middlewares: .standard), path)
        } catch {
            // This reads the file again, which fails for a pipe.
            let all = try? await ConfigurationCheck(file: path).errors
            throw all.map { $0.count > error.errors.count ? ConfigurationErrors($0) : error } ?? error
        }
    }
}

/// The environment of this process. Empty variables count as unset.
struct Environment: Sendable {
    static let current = Environment(values: ProcessInfo.processInfo.environment)

    let values: [String: String]

    subscript(name: String) -> String? {
        guard let value = self.values[name], !value.isEmpty else { return nil }
        return value
    }

    /// Returns an environment that contains only this variable.
    func only(_ name: String) -> Environment { Environment(values: self.values.filter { $0.key == name }) }
}
