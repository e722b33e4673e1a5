import ArgumentParser
import Gateway
import GatewayCore
import GatewaySettings

/// `gateway check`: reports the errors and warnings of a configuration.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Validate a configuration file.",
        discussion: """
            Reports every mistake at once, with its line and column and what to write instead, and warns of what is legal \
            but unwise.

            Exits with 0 if the configuration is valid, with or without warnings, and with 2 if it is not.
            """
    )

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The configuration file.",
            discussion: "Default: $GATEWAY_CONFIG, or else gateway.toml.",
            valueName: "file"
        ),
        completion: .file(extensions: ["toml"])
    )
    var config: String?

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    func run() async throws {
        let file = config ?? Environment.current["GATEWAY_CONFIG"] ?? "gateway.toml"
        let check = try await ConfigurationCheck(file: file)
        if json {
            let report = JSONValue.check(of: file, errors: check.errors, warnings: check.warnings)
            try StandardOutput.print(JSONText.text(report, indented: true))
        } else {
            let warnings = check.warnings.map(\.warningText)
            StandardError.print(lines: check.errors.map(\.description) + warnings)
            if check.errors.isEmpty {
                let count = warnings.isEmpty ? "" : ", with \(Plural.of(warnings.count, "warning"))"
                try StandardOutput.print("\(file) is valid\(count)")
            }
        }
        if !check.errors.isEmpty { throw ExitCode(2) }
    }
}
