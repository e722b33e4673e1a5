internal import ArgumentParser
internal import Gateway

/// `gateway demo`: the demo upstream alone.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Serve the demo upstream alone, as a server to put a gateway in front of.",
        discussion: "Its page at / lists what it answers."
    )

    @Option(help: ArgumentHelp("Listen here; may be repeated. Default: 127.0.0.1:9001.", valueName: "address"))
    var listen: [String] = []

    func run() async throws {
        var configuration = GatewayConfiguration.demo
        configuration.admin.listen = .off
        configuration.log.access = .off
        configuration.log.slowRequest = .off
        // It shows what the gateway before it has sent, whoever that is.
        configuration.server.trustedProxies = ["0.0.0.0/0", "::/0"].compactMap { TrustedProxy($0) }
        // A plain server: it adds nothing to its answers.
        for middleware in [MiddlewareDescription].standard { configuration.middleware[middleware.name] = false }
        let listen = self.listen.isEmpty ? ["127.0.0.1:9001"] : self.listen
        let overrides = ConfigurationOverrides(listen: listen, environment: Environment(values: [:]))
        try overrides.apply(to: &configuration)
        try await GatewayProcess(configuration: configuration, origin: "demo upstream").run()
    }
}
