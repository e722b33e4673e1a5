internal import ArgumentParser
internal import Gateway

/// `gateway run`: serves.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Serve a configuration.",
        discussion: """
            Without --config and --to: $GATEWAY_CONFIG, else ./gateway.toml, and where there is none the built-in \
            demo upstream on every path. $GATEWAY_LISTEN, $GATEWAY_ADMIN and $GATEWAY_LOG_LEVEL stand for the flags; \
            a flag wins.

            TERM and INT finish open requests and exit; a second one exits at once. USR1 opens log files anew.
            """
    )

    @OptionGroup var file: ConfigurationFile

    @Option(help: ArgumentHelp("Serve one upstream on every path, without a file.", valueName: "url"))
    var to: String?

    @Option(help: ArgumentHelp("Listen here instead; may be repeated.", valueName: "address"))
    var listen: [String] = []

    @Option(help: ArgumentHelp("The admin endpoints' address, or off.", valueName: "address"))
    var admin: String?

    @Option(help: ArgumentHelp("trace, debug, info, notice, warning, error or critical.", valueName: "level"))
    var logLevel: String?

    func validate() throws {
        if self.to != nil, self.file.config != nil {
            throw ValidationError(
                "--to and --config exclude each other: put the upstream into the file, or leave it out."
            )
        }
    }

    func run() async throws {
        var (configuration, origin) =
            if let to {
                (try GatewayConfiguration.to(url: to), "--to \(to)")
            } else {
                try self.file.readOrDemo()
            }
        let overrides = ConfigurationOverrides(
            listen: self.listen,
            admin: self.admin,
            logLevel: self.logLevel,
            environment: .current
        )
        try overrides.apply(to: &configuration)
        try await GatewayProcess(configuration: configuration, origin: origin).run()
    }
}
