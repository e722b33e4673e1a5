internal import ArgumentParser
internal import FoundationEssentials
internal import Gateway

/// Which configuration a command is about.
struct ConfigurationFile: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The configuration.",
            discussion: "Default: $GATEWAY_CONFIG, or gateway.toml.",
            valueName: "file"
        )
    )
    var config: String?

    /// The file of the flag, of the environment, or the one in this folder; nil where there is none.
    var path: String? {
        if let config { return config }
        if let named = Environment.current["GATEWAY_CONFIG"] { return named }
        return FileManager.default.fileExists(atPath: "gateway.toml") ? "gateway.toml" : nil
    }

    /// The configuration, and what to call it; the built-in demo where there is no file.
    func readOrDemo() throws(ConfigurationErrors) -> (GatewayConfiguration, origin: String) {
        guard let path else { return (GatewayConfiguration.demo, "built-in demo") }
        return (try GatewayConfiguration(file: path, middlewares: .standard), path)
    }
}

/// The environment of this process, in which an empty variable is none.
struct Environment: Sendable {
    static let current = Environment(values: ProcessInfo.processInfo.environment)

    let values: [String: String]

    subscript(name: String) -> String? {
        guard let value = self.values[name], !value.isEmpty else { return nil }
        return value
    }

    /// With this variable alone.
    func only(_ name: String) -> Environment { Environment(values: self.values.filter { $0.key == name }) }
}
