import Gateway
import GatewayAdmin
import GatewayCore
import GatewaySettings
import Logging
import NIOConcurrencyHelpers
import NIOCore
import UnixSignals

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// A gateway that runs as a process, with its log, start screen and signal handling.
struct GatewayProcess {
    let configuration: GatewayConfiguration
    /// The source of the configuration, for display.
    let origin: String
    /// Where to read configurations that take the place of this one.
    var source = ConfigurationSource()
    /// Watches the file of the source; nil to reload on request only.
    var watcher: FileWatcher?

    /// The files that signal handling opens.
    private static let ownFiles = 8

    /// Serves until a signal stops the process.
    func run() async throws {
        let program = CommandLine.arguments.first.flatMap { ProgramPath.find($0, search: Environment.current["PATH"]) }
        let inheritance = try ProcessInheritance.take(from: .current)
        try FileLimits.check(self.configuration, beside: Self.ownFiles)
        // Keep serving if the reader of the log closes its pipe.
        signal(SIGPIPE, SIG_IGN)
        let writer = try LogWriter(.standardError)
        let control = LogControl(level: Self.level(self.configuration), style: Self.style(self.configuration))
        let log = Logger(label: "gateway") { _ in
            GatewayLogHandler(control, to: writer, isColored: LogDestination.standardError.isColored)
        }
        var source = self.source
        let format = NIOLockedValueBox(Self.served(self.configuration).log.format)
        source.didApply = { configuration in
            control.level = Self.level(configuration)
            // `auto` was replaced by the format of the access log, which may differ from that of this log.
            let isSame = format.withLockedValue { format in
                defer { format = configuration.log.format }
                return format == configuration.log.format
            }
            if !isSame { control.style = Self.style(configuration) }
        }
        let notifier = ServiceNotifier(.current)
        source.willReload = { notifier.send(.reloading(at: .now())) }
        source.didReload = { notifier.send(.ready) }
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup, .sigusr1, .sigusr2)
        let server = try GatewayServer(Self.served(self.configuration), source: source, log: log)
        server.inherit(inheritance.forServer)
        let service = ServiceReport(server, notifier, environment: .current)
        let handover = Handover(server, program: program, notifier: notifier, log: log)
        let obeying = Task { await Self.obey(signals, server, handover, notifier, log, writer) }
        let announcing = Task { try await self.announce(server) }
        let watching = self.watcher.map { watcher in Task { await server.reload(watching: watcher) } }
        let reporting = Task { try await service.run(until: handover) }
        defer {
            watching?.cancel()
            obeying.cancel()
            announcing.cancel()
            reporting.cancel()
        }
        do {
            try await server.run()
            log.info("stopped")
            await writer.close(within: Self.flushTime)
        } catch {
            await writer.close(within: Self.flushTime)
            throw error
        }
    }

    private static let flushTime = TimeAmount.seconds(1)

    /// Returns the configuration to serve. With `auto`, the access log is text only if it goes to a terminal.
    static func served(_ configuration: GatewayConfiguration) -> GatewayConfiguration {
        guard configuration.log.format == .auto else { return configuration }
        var configuration = configuration
        let isRead = configuration.log.access == .stdout && LogDestination.standardOutput.isTerminal
        configuration.log.format = isRead ? .text : .json
        return configuration
    }

    /// The style of the gateway's own log. The combined format applies only to requests.
    private static func style(_ configuration: GatewayConfiguration) -> LogStyle {
        switch configuration.log.format {
        case .json: .json
        case .text: .text
        case .auto, .combined: .automatic(for: .standardError)
        }
    }

    private static func level(_ configuration: GatewayConfiguration) -> Logger.Level {
        Logger.Level(rawValue: configuration.log.level.rawValue) ?? .info
    }

    private static func obey(
        _ signals: UnixSignalsSequence,
        _ server: GatewayServer,
        _ handover: Handover,
        _ notifier: ServiceNotifier,
        _ log: Logger,
        _ writer: LogWriter
    ) async {
        var isDraining = false
        for await signal in signals {
            switch signal {
            case .sighup:
                // Reading a large file takes long. Do not delay the next signal.
                Task {
                    let outcome = await server.reload()
                    guard case .unavailable(let reason) = outcome else { return }
                    log.notice("ignored HUP", metadata: ["reason": "\(reason)"])
                }
            case .sigusr1:
                // Reopening first flushes pending lines, which may block indefinitely. Do not delay the next signal.
                Task { await Self.reopenLogs(of: server, log) }
            case .sigusr2:
                Task { await handover.start() }
            default:
                if isDraining {
                    log.warning("second signal: exiting without waiting for open requests")
                    await writer.close(within: .milliseconds(100))
                    _exit(1)
                }
                isDraining = true
                log.notice("draining", metadata: ["signal": "\(signal)"])
                await handover.end()
                // The successor is the service now, and goes on.
                if await !handover.isHandedOver { notifier.send(.stopping) }
                server.shutdown()
            }
        }
    }

    private static func reopenLogs(of server: GatewayServer, _ log: Logger) async {
        do {
            try await server.reopenLogs()
            log.notice("log files reopened")
        } catch {
            log.error("cannot reopen log files", metadata: ["error": "\(error)"])
        }
    }

    private func announce(_ server: GatewayServer) async throws {
        let screen = StartScreen(
            configuration: self.configuration,
            origin: self.origin,
            isWatched: self.watcher != nil,
            listening: try await server.boundAddresses(),
            admin: try await server.adminAddress()
        )
        // Standard output must contain nothing but access log lines in the combined format.
        let isShared = self.configuration.log.format == .combined && self.configuration.log.access == .stdout
        let output: LogDestination = isShared ? .standardError : .standardOutput
        if output.isTerminal {
            // Keep serving if the terminal has closed.
            let text = screen.text(isColored: output.isColored)
            if isShared { StandardError.write(text) } else { try? StandardOutput.write(text) }
        } else {
            let writer = try LogWriter(output)
            var log = Logger(label: "gateway") { _ in GatewayLogHandler(.json, to: writer) }
            log.logLevel = Self.level(self.configuration)
            log.info("listening", metadata: screen.metadata)
            await writer.close(within: Self.flushTime)
        }
    }
}
