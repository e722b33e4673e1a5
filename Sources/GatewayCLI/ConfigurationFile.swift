import ArgumentParser
import FoundationEssentials
import Gateway
import GatewayMiddlewares
import GatewaySettings

/// Which configuration file a command reads.
struct ConfigurationFile: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The configuration file.",
            discussion: "Default: $GATEWAY_CONFIG, or else gateway.toml.",
            valueName: "file"
        )
    )
    var config: String?

    /// The file named by the flag or the environment, or else the one in this directory; nil if there is none.
    var path: String? {
        if let config { return config }
        if let named = Environment.current["GATEWAY_CONFIG"] { return named }
        return FileManager.default.fileExists(atPath: "gateway.toml") ? "gateway.toml" : nil
    }

    /// The configuration, and what to call it; the built-in demo if there is no file.
    /// - Throws: every mistake in the file, as `gateway check` finds them.
    func readOrDemo() async throws -> (GatewayConfiguration, origin: String) {
        guard let path else { return (GatewayConfiguration.demo, "built-in demo") }
        do throws(ConfigurationErrors) {
            return (try GatewayConfiguration(file: path, middlewares: .standard), path)
        } catch {
            // A pipe can be read only once.
            let all = try? await ConfigurationCheck(file: path).errors
            throw all.map { $0.count > error.errors.count ? ConfigurationErrors($0) : error } ?? error
        }
    }
}

/// The environment of this process, where an empty variable counts as unset.
struct Environment: Sendable {
    static let current = Environment(values: ProcessInfo.processInfo.environment)

    let values: [String: String]

    subscript(name: String) -> String? {
        guard let value = self.values[name], !value.isEmpty else { return nil }
        return value
    }

    /// With this variable only.
    func only(_ name: String) -> Environment { Environment(values: self.values.filter { $0.key == name }) }
}
