internal import ArgumentParser
internal import FoundationEssentials
internal import Gateway
internal import Logging

/// `gateway run`: serves.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run", abstract: "Serve a configuration.")

    @Option(help: ArgumentHelp("The configuration.", valueName: "file"))
    var config: String?

    func run() async throws {
        let file = self.config ?? "gateway.toml"
        let configuration = try GatewayConfiguration(file: file, middlewares: .standard)
        let server = try GatewayServer(configuration)
        try await server.run()
    }
}
