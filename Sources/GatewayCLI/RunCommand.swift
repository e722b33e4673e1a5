import ArgumentParser
import Gateway
import GatewaySettings

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// `gateway run`: runs the gateway.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run the gateway.",
        discussion: """
            Without --config and --to, reads the file named by $GATEWAY_CONFIG, or else ./gateway.toml. If there is none, \
            serves the built-in demo upstream on every path. $GATEWAY_LISTEN, $GATEWAY_ADMIN and $GATEWAY_LOG_LEVEL replace \
            the flags; a flag wins over its variable.

            TERM and INT finish open requests, then exit; a second signal exits at once. HUP reloads the file. USR1 reopens \
            log files. USR2 replaces the program with the file that is now at its path, without refusing a connection.
            """
    )

    @OptionGroup var file: ConfigurationFile

    @Option(help: ArgumentHelp("Proxy every path to one upstream, without a configuration file.", valueName: "url"))
    var to: String?

    @Option(
        help: ArgumentHelp("Listen on this address instead of those in the file. Repeatable.", valueName: "address")
    )
    var listen: [String] = []

    @Option(help: ArgumentHelp("The address of the admin API, or off.", valueName: "address"))
    var admin: String?

    @Option(help: ArgumentHelp("trace, debug, info, notice, warning, error or critical.", valueName: "level"))
    var logLevel: String?

    @Option(
        help: ArgumentHelp(
            "Send the spans of all requests to this collector (OTLP over HTTP).",
            discussion: "For a try. `tracing.sample` still applies, if the file sets it.",
            valueName: "url"
        )
    )
    var otlp: String?

    @Flag(
        help: ArgumentHelp(
            "Serve https with a certificate that is made at the start.",
            discussion: """
                For development: clients do not trust it. It is valid for localhost and the listen addresses, replaces the \
                certificates of the file, and is never written to disk.
                """
        )
    )
    var tlsSelfSigned = false

    @Flag(help: "Reload the configuration when its file changes.")
    var watch = false

    func validate() throws {
        if self.to != nil, self.file.config != nil {
            throw ValidationError(
                "--to and --config exclude each other: use one of them"
            )
        }
        if self.watch, self.to != nil {
            throw ValidationError("--watch needs a configuration file: use --config instead of --to")
        }
    }

    /// What watches the file; nil without `--watch`.
    private var watcher: FileWatcher? {
        get throws {
            guard self.watch else { return nil }
            guard let path = self.file.path else {
                throw ValidationError("--watch needs a configuration file: create one with `gateway init`")
            }
            guard let watcher = FileWatcher(path) else {
                throw ValidationError("--watch needs a regular file: \(path) is none")
            }
            return watcher
        }
    }

    private func overrides(of configuration: GatewayConfiguration) throws -> ConfigurationOverrides {
        var overrides = ConfigurationOverrides(
            listen: self.listen,
            admin: self.admin,
            logLevel: self.logLevel,
            otlp: self.otlp,
            environment: .current
        )
        if self.tlsSelfSigned {
            let addresses = configuration.server.listen + overrides.addresses
            overrides.certificate = try DevelopmentCertificate(listen: addresses)
        }
        return overrides
    }

    func run() async throws {
        // Until signals are handled, this one would end the process.
        signal(SIGHUP, SIG_IGN)
        // Before the file is read, so that no change is missed.
        let watcher = try self.watcher
        var (configuration, origin) =
            if let to {
                (try GatewayConfiguration.to(url: to), "--to \(to)")
            } else {
                try await self.file.readOrDemo()
            }
        let overrides = try self.overrides(of: configuration)
        try overrides.apply(to: &configuration)
        let source = ConfigurationSource(file: self.to == nil ? self.file.path : nil) {
            (configuration) throws(ConfigurationErrors) in
            try overrides.apply(to: &configuration)
            configuration = GatewayProcess.served(configuration)
        }
        try await GatewayProcess(configuration: configuration, origin: origin, source: source, watcher: watcher).run()
    }
}
