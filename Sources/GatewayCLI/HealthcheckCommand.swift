import ArgumentParser
import Gateway
import GatewayHTTP
import GatewaySettings
import NIOCore

/// `gateway healthcheck`: checks whether a running gateway is ready.
struct HealthcheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "healthcheck",
        abstract: "Check whether the running gateway is ready.",
        discussion: "Exits with 0 if it is ready, else with 1. Made for container health checks."
    )

    @OptionGroup var gateway: RunningGateway

    func run() async throws {
        guard let address = try await self.address else {
            StandardError.print(lines: ["the admin API is off: set [admin].listen to an address"])
            throw ExitCode(1)
        }
        let answer: AdminClient.Answer
        do throws(AdminClient.Unreachable) {
            answer = try await AdminClient(address: address).send(.get, "/health/ready", within: .seconds(2))
        } catch {
            StandardError.print(lines: ["not ready: \(error)"])
            throw ExitCode(1)
        }
        guard answer.status == 200 else {
            StandardError.print(lines: ["not ready: \(address) answered \(answer.status)"])
            throw ExitCode(1)
        }
        try StandardOutput.print("ready")
    }

    /// The address to check. If a flag or variable sets it, the file is not read, since there may be none.
    private var address: ListenAddress? {
        get async throws {
            let isNamed = self.gateway.isNamed
            let configuration = isNamed ? GatewayConfiguration.demo : try await self.gateway.file.readOrDemo().0
            return try self.gateway.address(in: configuration)
        }
    }
}
