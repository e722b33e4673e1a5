import ArgumentParser
import Gateway
import GatewayCore
import GatewaySettings

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

@main
struct GatewayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway",
        abstract: "A reverse-proxy gateway in front of HTTP APIs.",
        discussion: """
            Exit codes: 0 success, 1 the command failed, 2 the configuration or the command line is wrong, \
            69 an address is in use or no gateway answers, 77 the gateway does not accept the token.
            """,
        version: GatewayVersion.current,
        subcommands: [
            RunCommand.self, CheckCommand.self, LintCommand.self, DiffCommand.self, ReloadCommand.self, TopCommand.self,
            ExplainCommand.self,
            InitCommand.self, HealthcheckCommand.self, KeyCommand.self,
            AuditCommand.self, MetricsCommand.self,
            DemoCommand.self, SchemaCommand.self,
            FormatCommand.self, CompletionCommand.self,
        ]
    )

    static func main() async {
        StandardStreams.open()
        do {
            var command = try Self.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            Self.exit(reporting: error)
        }
    }

    private static func exit(reporting error: any Error) -> Never {
        switch error {
        case let error as ConfigurationErrors:
            StandardError.print(lines: error.errors.map(\.description))
            Self.exit(withError: ExitCode(2))
        case let error as ListenError:
            StandardError.print(lines: [Self.advice(on: error)])
            Self.exit(withError: ExitCode(EX_UNAVAILABLE))
        case let error as ExitCode:
            Self.exit(withError: error)
        case let error as OutputError:
            if !error.isClosedPipe { StandardError.print(lines: ["error: \(error)"]) }
            Self.exit(withError: ExitCode(1))
        default:
            let code = Self.exitCode(for: error)
            // The parser reports help and version requests as errors. For invalid command lines, replace its exit code
            // with 2.
            if code == .success { Self.answer(Self.fullMessage(for: error)) }
            StandardError.print(lines: [code == .validationFailure ? Self.fullMessage(for: error) : "error: \(error)"])
            Self.exit(withError: ExitCode(code == .validationFailure ? 2 : 1))
        }
    }

    /// Prints the text and exits.
    private static func answer(_ text: String) -> Never {
        do throws(OutputError) {
            try StandardOutput.print(text)
            Self.exit()
        } catch {
            Self.exit(reporting: error)
        }
    }

    private static func advice(on error: ListenError) -> String {
        switch error.reason {
        case String(cString: strerror(EADDRINUSE)):
            "\(error): stop the program that uses it, or choose another address with --listen or --admin"
        case String(cString: strerror(EACCES)):
            "\(error): choose a port above 1023, or allow the gateway to open this one"
        case String(cString: strerror(EADDRNOTAVAIL)):
            "\(error): choose an address of this machine"
        default: "\(error): choose another address with --listen or --admin"
        }
    }
}
