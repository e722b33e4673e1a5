import ArgumentParser
import Gateway
import GatewaySettings

/// `gateway reload`: makes the running gateway read its configuration again.
struct ReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Reload the configuration of the running gateway.",
        discussion: """
            Prints what changed. If the configuration has errors, prints them and changes nothing.

            Sends $GATEWAY_ADMIN_TOKEN, or else the token in the configuration. Exits with 0 after a reload, 2 if the \
            configuration has errors, 69 if no gateway answers, and 77 if it does not accept the token.
            """
    )

    @OptionGroup var gateway: RunningGateway

    func run() async throws {
        let answer = try await self.gateway.post("/config/reload")
        guard answer.status == 200 else {
            StandardError.print(lines: try answer.decode(Findings.self).lines())
            throw ExitCode(2)
        }
        let changes = try answer.decode(Changes.self)
        StandardError.print(lines: changes.warningLines)
        let lines = changes.comparison.lines
        try StandardOutput.print(lines.isEmpty ? "reloaded: no changes" : lines.joined(separator: "\n"))
    }
}
