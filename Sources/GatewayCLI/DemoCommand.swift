import ArgumentParser
import Gateway
import GatewayCore
import GatewayMiddlewares
import GatewaySettings

/// `gateway demo`: runs only the demo upstream.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Run the demo upstream on its own, as a server to proxy to.",
        discussion: "Its page at / lists what it serves."
    )

    @Option(help: ArgumentHelp("Listen on this address. Repeatable. Default: 127.0.0.1:9001.", valueName: "address"))
    var listen: [String] = []

    func run() async throws {
        var configuration = GatewayConfiguration.demo
        configuration.admin.listen = .off
        configuration.log.access = .off
        configuration.log.slowRequest = .off
        // Trust every proxy, so that responses show what the gateway in front sent, wherever it runs.
        configuration.server.trustedProxies = ["0.0.0.0/0", "::/0"].compactMap { TrustedProxy($0) }
        // Turn off all middlewares, because a plain server adds nothing to its responses.
        for middleware in MiddlewareList.standard.descriptions { configuration.middleware[middleware.name] = false }
        let listen = self.listen.isEmpty ? ["127.0.0.1:9001"] : self.listen
        let overrides = ConfigurationOverrides(listen: listen, environment: Environment(values: [:]))
        try overrides.apply(to: &configuration)
        try await GatewayProcess(configuration: configuration, origin: "demo upstream").run()
    }
}
