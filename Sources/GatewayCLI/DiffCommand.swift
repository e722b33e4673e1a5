import ArgumentParser
import Gateway
import GatewayMiddlewares
import GatewaySettings

/// `gateway diff`: shows what a configuration would change.
struct DiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show what a configuration file would change.",
        discussion: """
            Compares a file with the configuration of the running gateway, or two files with each other. Without a file, \
            shows what a reload would change. Only effects count, not spelling: "1m" equals "60s".

            Sends $GATEWAY_ADMIN_TOKEN, or else the token in the configuration. Exits with 0 if nothing differs, 1 if \
            something does, 2 if a file has errors, 69 if no gateway answers, and 77 if it does not accept the token.

            Examples:
              gateway diff new.toml
              gateway diff old.toml new.toml
            """
    )

    @Argument(help: ArgumentHelp("The file to compare with the running gateway, or two files.", valueName: "file"))
    var files: [String] = []

    @OptionGroup var gateway: RunningGateway

    @Flag(help: "Print JSON.")
    var json = false

    /// The size that the gateway accepts.
    private static let limit = 1024 * 1024

    func validate() throws {
        if self.files.count > 2 { throw ValidationError("more than two files: name one or two") }
    }

    func run() async throws {
        let comparison =
            self.files.count == 2
            ? try await self.comparison(of: self.files[0], with: self.files[1]) : try await self.comparisonWithGateway()
        if self.json {
            try StandardOutput.print(JSONText.text(comparison.json, indented: true))
        } else if !comparison.isEmpty {
            try StandardOutput.print(comparison.lines.joined(separator: "\n"))
        }
        if !comparison.isEmpty { throw ExitCode(1) }
    }

    private func comparison(of old: String, with new: String) async throws -> ConfigurationComparison {
        let checks = [try await ConfigurationCheck(file: old), try await ConfigurationCheck(file: new)]
        let errors = checks.flatMap(\.errors)
        guard let from = checks[0].configuration, let to = checks[1].configuration else {
            StandardError.print(lines: errors.map(\.description))
            throw ExitCode(2)
        }
        return ConfigurationComparison(from: from, to: to, middlewares: .standard)
    }

    private func comparisonWithGateway() async throws -> ConfigurationComparison {
        let file = self.files.first ?? self.gateway.file.path ?? "gateway.toml"
        let text = try TextFile.configuration(file)
        guard text.utf8.count <= Self.limit else {
            StandardError.print(lines: ["\(file): the file is larger than 1 MiB, which is what the admin API accepts"])
            throw ExitCode(2)
        }
        let answer = try await self.gateway.post("/config/diff", body: text)
        guard answer.status == 200 else {
            StandardError.print(lines: try answer.decode(Findings.self).lines(of: file))
            throw ExitCode(2)
        }
        return try answer.decode(ConfigurationComparison.self)
    }
}
