import ArgumentParser
import Gateway
import GatewaySettings
import NIOCore
import NIOPosix

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// `gateway healthcheck`: checks whether a running gateway is ready.
struct HealthcheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "healthcheck",
        abstract: "Check whether the running gateway is ready.",
        discussion: "Exits with 0 if it is ready, else with 1. Made for container health checks."
    )

    @Option(
        help: ArgumentHelp(
            "The address of the admin API.",
            discussion: "Default: $GATEWAY_ADMIN, or the one in the configuration.",
            valueName: "address"
        )
    )
    var admin: String?

    @OptionGroup var file: ConfigurationFile

    func run() async throws {
        guard let address = try await self.address else {
            StandardError.print(lines: ["the admin API is off: set [admin].listen to an address"])
            throw ExitCode(1)
        }
        do {
            let head = try await ReadinessRequest.statusLine(from: address)
            guard head.hasPrefix("HTTP/1.1 200 ") else {
                StandardError.print(lines: ["not ready: \(address) answered \"\(head)\""])
                throw ExitCode(1)
            }
        } catch let code as ExitCode {
            throw code
        } catch {
            StandardError.print(lines: ["not ready: cannot reach \(address): \(Self.reason(error))"])
            throw ExitCode(1)
        }
        try StandardOutput.print("ready")
    }

    /// The address to check. If a flag or variable sets it, the file is not read, since there may be none.
    private var address: ListenAddress? {
        get async throws {
            var configuration = GatewayConfiguration.demo
            if self.admin == nil, Environment.current["GATEWAY_ADMIN"] == nil {
                configuration = try await self.file.readOrDemo().0
            }
            let overrides = ConfigurationOverrides(
                admin: self.admin,
                environment: Environment.current.only("GATEWAY_ADMIN")
            )
            try overrides.apply(to: &configuration)
            guard case .address(let address) = configuration.admin.listen else { return nil }
            return address
        }
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError: error.connectionErrors.first.map { reason($0.error) } ?? "\(error)"
        case is ReadinessRequest.NoAnswer:
            "no response within \(ReadinessRequest.timeout.nanoseconds / 1_000_000_000) s"
        case let error as IOError: String(cString: strerror(error.errnoCode))
        case ChannelError.eof: "the connection was closed"
        default: "\(error)"
        }
    }
}
