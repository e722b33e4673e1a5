import Gateway
import GatewayCore
import GatewaySettings
import Logging
import NIOCore
import UnixSignals

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// A gateway as a process: its log, its start screen and its signals.
struct GatewayProcess {
    let configuration: GatewayConfiguration
    /// Where the configuration came from, for people.
    let origin: String

    /// What waits for signals.
    private static let ownFiles = 8

    /// Serves until a signal ends it.
    func run() async throws {
        try FileLimits.check(self.configuration, beside: Self.ownFiles)
        // A reader of the log that went away is no reason to stop serving.
        signal(SIGPIPE, SIG_IGN)
        let writer = try LogWriter(.standardError)
        let log = self.makeLog(to: writer)
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup, .sigusr1)
        let server = try GatewayServer(self.served, log: log)
        let obeying = Task { await Self.obey(signals, server, log, writer) }
        let announcing = Task { try await self.announce(server) }
        defer {
            obeying.cancel()
            announcing.cancel()
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

    /// The access log is text only where a person reads it.
    private var served: GatewayConfiguration {
        var configuration = self.configuration
        if configuration.log.format == .auto {
            let isRead = configuration.log.access == .stdout && LogDestination.standardOutput.isTerminal
            configuration.log.format = isRead ? .text : .json
        }
        return configuration
    }

    private func makeLog(to writer: LogWriter) -> Logger {
        let style: LogStyle =
            switch self.configuration.log.format {
            case .json: .json
            case .text: .text
            // The combined format is one of requests alone.
            case .auto, .combined: .automatic(for: .standardError)
            }
        var log = Logger(label: "gateway") { _ in
            GatewayLogHandler(style, to: writer, isColored: LogDestination.standardError.isColored)
        }
        log.logLevel = self.level
        return log
    }

    private var level: Logger.Level { Logger.Level(rawValue: self.configuration.log.level.rawValue) ?? .info }

    private static func obey(
        _ signals: UnixSignalsSequence,
        _ server: GatewayServer,
        _ log: Logger,
        _ writer: LogWriter
    ) async {
        var isDraining = false
        for await signal in signals {
            switch signal {
            case .sighup:
                log.notice("ignored HUP: this version cannot reload; restart the gateway instead")
            case .sigusr1:
                // Lines that wait for a reader come first, for ever perhaps; the next signal must not wait for them.
                Task { await Self.reopenLogs(of: server, log) }
            default:
                if isDraining {
                    log.warning("second signal: exiting without waiting for open requests")
                    await writer.close(within: .milliseconds(100))
                    _exit(1)
                }
                isDraining = true
                log.notice("draining", metadata: ["signal": "\(signal)"])
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
            listening: try await server.boundAddresses(),
            admin: try await server.adminAddress()
        )
        // The combined format shares its stream with nothing else.
        let isShared = self.configuration.log.format == .combined && self.configuration.log.access == .stdout
        let output: LogDestination = isShared ? .standardError : .standardOutput
        if output.isTerminal {
            // A terminal that went away is no reason to stop serving.
            let text = screen.text(isColored: output.isColored)
            if isShared { StandardError.write(text) } else { try? StandardOutput.write(text) }
        } else {
            let writer = try LogWriter(output)
            var log = Logger(label: "gateway") { _ in GatewayLogHandler(.json, to: writer) }
            log.logLevel = self.level
            log.info("listening", metadata: screen.metadata)
            await writer.close(within: Self.flushTime)
        }
    }
}
