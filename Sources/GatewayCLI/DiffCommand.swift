import ArgumentParser
import Gateway
import GatewayAdmin
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

    func validate() throws {
        if self.files.count > 2 { throw ValidationError("more than two files: name one or two") }
    }

    func run() async throws {
        let isEmpty = self.files.count == 2 ? try await self.compareFiles() : try await self.compareWithGateway()
        if !isEmpty { throw ExitCode(1) }
    }

    /// Prints the differences between two files. Returns whether there are none.
    private func compareFiles() async throws -> Bool {
        let checks = [
            try await ConfigurationCheck(file: self.files[0]), try await ConfigurationCheck(file: self.files[1]),
        ]
        guard let from = checks[0].configuration, let to = checks[1].configuration else {
            StandardError.print(lines: checks.flatMap(\.errors).map(\.description))
            throw ExitCode(2)
        }
        let comparison = ConfigurationComparison(from: from, to: to, middlewares: .standard)
        try self.print(comparison, json: JSONText.text(comparison.json, indented: true))
        return comparison.isEmpty
    }

    /// Prints the differences between the gateway and a file. Returns whether there are none.
    private func compareWithGateway() async throws -> Bool {
        let file = self.files.first ?? self.gateway.file.path ?? "gateway.toml"
        let text = try TextFile.configuration(file)
        guard text.utf8.count <= ConfigurationBody.limit else {
            StandardError.print(lines: ["\(file): the file is larger than 1 MiB, which is what the admin API accepts"])
            throw ExitCode(2)
        }
        let answer = try await self.gateway.post("/config/diff", body: text, or: file)
        guard answer.status == 200 else {
            StandardError.print(lines: try answer.decode(Findings.self).lines(of: file))
            throw ExitCode(2)
        }
        let changes = try answer.decode(Changes.self)
        if !self.json { StandardError.print(lines: changes.warningLines) }
        try self.print(
            changes.comparison,
            json: answer.body.hasSuffix("\n") ? String(answer.body.dropLast()) : answer.body
        )
        return changes.comparison.isEmpty
    }

    private func print(_ comparison: ConfigurationComparison, json: String) throws {
        if self.json {
            try StandardOutput.print(json)
        } else if !comparison.isEmpty {
            try StandardOutput.print(comparison.lines.joined(separator: "\n"))
        }
    }
}
