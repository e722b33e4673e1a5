internal import ArgumentParser
internal import FoundationEssentials
internal import Gateway

/// `gateway check`: says what is wrong with a configuration, and what is unwise.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Validate a configuration, and warn of what is legal but unwise.",
        discussion: "Exit code 0 where the configuration is valid, with or without warnings, and 2 where it is not."
    )

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The configuration.",
            discussion: "Default: $GATEWAY_CONFIG, or gateway.toml.",
            valueName: "file"
        )
    )
    var config: String?

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    func run() async throws {
        let file = config ?? Environment.current["GATEWAY_CONFIG"] ?? "gateway.toml"
        var read: GatewayConfiguration?
        var errors: [ConfigurationError] = []
        var warnings: [ConfigurationError] = []
        do throws(ConfigurationErrors) {
            let configuration = try GatewayConfiguration(file: file, middlewares: .standard)
            warnings = configuration.document.warnings
            read = configuration
        } catch {
            errors = error.errors
        }
        if let read {
            let compiled = try await PlanCheck(read)
            errors = compiled.errors
            warnings = ConfigurationErrors(warnings + compiled.warnings).errors
        }
        if json {
            let report = Self.report(file: file, errors: errors, warnings: warnings)
            try StandardOutput.print(JSONText.text(report, indented: true))
        } else {
            StandardError.print(lines: errors.map(\.description) + warnings.map { "\($0.place)warning: \($0.text)" })
            if errors.isEmpty {
                let count = warnings.isEmpty ? "" : ", with \(Plural.of(warnings.count, "warning"))"
                try StandardOutput.print("\(file) is valid\(count)")
            }
        }
        if !errors.isEmpty { throw ExitCode(2) }
    }

    private static func report(
        file: String,
        errors: [ConfigurationError],
        warnings: [ConfigurationError]
    ) -> SettingValue {
        func list(_ findings: [ConfigurationError]) -> SettingValue {
            .list(
                findings.map { finding in
                    [
                        "line": .integer(finding.line), "column": .integer(finding.column), "key": .string(finding.key),
                        "message": .string(finding.message), "suggestion": .string(finding.suggestion),
                    ]
                }
            )
        }
        return [
            "file": .string(file), "valid": .boolean(errors.isEmpty), "errors": list(errors),
            "warnings": list(warnings),
        ]
    }
}
