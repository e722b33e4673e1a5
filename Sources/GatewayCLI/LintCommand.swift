import ArgumentParser
import Gateway
import GatewaySettings

/// `gateway lint`: reports what is valid in a configuration but dangerous, without effect or missing.
struct LintCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint",
        abstract: "Report what is valid in a configuration but unwise.",
        discussion: """
            Reports the warnings of check and more, each with its rule: FILE:LINE:COLUMN: SEVERITY: RULE: MESSAGE. \
            docs/lint.md explains each rule. A comment "# lint: allow RULE" on the line or above it allows a finding.

            Exits with 0, with 1 if there is a finding of the severity of --fail-on or a higher one, and with 2 if the \
            configuration is not valid.
            """
    )

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The configuration file.",
            discussion: "Default: $GATEWAY_CONFIG, or else gateway.toml.",
            valueName: "file"
        )
    )
    var config: String?

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The least severe findings that fail.",
            valueName: "error|warning|info"
        )
    )
    var failOn = LintSeverity.error

    func run() async throws {
        let file = self.config ?? Environment.current["GATEWAY_CONFIG"] ?? "gateway.toml"
        let report = try await LintReport(file: file)
        if self.json {
            try StandardOutput.print(JSONText.text(report.json, indented: true))
        } else if report.errors.isEmpty {
            try StandardOutput.write(report.findings.map { $0.text(in: file) + "\n" }.joined())
            if report.findings.isEmpty { StandardError.print(lines: ["\(file): no findings"]) }
        } else {
            StandardError.print(lines: report.errors.map(\.description) + report.warnings.map(\.warningText))
        }
        if !report.errors.isEmpty { throw ExitCode(2) }
        if report.fails(on: self.failOn) { throw ExitCode(1) }
    }
}

extension LintSeverity: ExpressibleByArgument {}
