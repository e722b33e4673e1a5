import ArgumentParser
import Gateway
import GatewayHTTP
import GatewayMiddlewares
import GatewaySettings
import NIOCore

/// The options that find the admin API of a running gateway.
struct RunningGateway: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The address of the admin API.",
            discussion: "Default: $GATEWAY_ADMIN, or the one in the configuration.",
            valueName: "address"
        )
    )
    var admin: String?

    @OptionGroup var file: ConfigurationFile

    /// The exit code if the gateway does not accept the token.
    static let denied = ExitCode(77)
    /// The exit code if no gateway answers.
    static let unavailable = ExitCode(69)

    /// Whether a flag or variable sets the address.
    var isNamed: Bool { self.admin != nil || Environment.current["GATEWAY_ADMIN"] != nil }

    /// Returns the address of the admin API; nil if it is off.
    ///
    /// - Parameter configuration: The configuration of the gateway, which a flag or variable overrides.
    func address(in configuration: GatewayConfiguration) throws -> ListenAddress? {
        var configuration = configuration
        let overrides = ConfigurationOverrides(
            admin: self.admin,
            environment: Environment.current.only("GATEWAY_ADMIN")
        )
        try overrides.apply(to: &configuration)
        guard case .address(let address) = configuration.admin.listen else { return nil }
        return address
    }

    /// Returns a client with the token from the environment or the file.
    ///
    /// The file may have errors, which the gateway is to report. Variables in it may exist only in the environment of
    /// the gateway.
    ///
    /// - Parameter other: The file to use if there is no configuration; nil for the built-in demo.
    func client(or other: String?) throws -> AdminClient {
        var configuration = GatewayConfiguration.demo
        do throws(ConfigurationErrors) {
            if let path = self.file.path ?? other { configuration = try GatewayConfiguration(readableIn: path) }
        } catch {
            if !self.isNamed { throw error }
        }
        guard let address = try self.address(in: self.isNamed ? .demo : configuration) else {
            StandardError.print(lines: ["the admin API is off: set [admin].listen to an address"])
            throw Self.unavailable
        }
        let token = Environment.current["GATEWAY_ADMIN_TOKEN"] ?? configuration.admin.token
        return AdminClient(address: address, token: token.isEmpty ? nil : token)
    }

    /// Posts to the gateway. If it does not answer as expected, says why and exits.
    ///
    /// - Parameter other: The file to find the gateway by if there is no configuration.
    /// - Returns: A response with status 200 or 422.
    func post(_ path: String, body: String? = nil, or other: String? = nil) async throws -> AdminClient.Answer {
        let client = try self.client(or: other)
        do throws(Refusal) {
            return try await Self.answer(.post, path, body: body, of: client, within: .seconds(60))
        } catch {
            StandardError.print(lines: [error.message])
            throw error.code
        }
    }

    /// Why there is no usable answer.
    struct Refusal: Error {
        /// What to tell, with advice.
        let message: String
        let code: ExitCode

        static func other(_ address: ListenAddress, _ detail: String) -> Refusal {
            Refusal(message: "\(address): \(detail)", code: RunningGateway.unavailable)
        }
    }

    /// Sends a request to the gateway.
    ///
    /// - Returns: A response with status 200 or 422.
    static func answer(
        _ method: Method,
        _ path: String,
        body: String? = nil,
        of client: AdminClient,
        within timeout: TimeAmount
    ) async throws(Refusal) -> AdminClient.Answer {
        let answer: AdminClient.Answer
        do throws(AdminClient.Unreachable) {
            answer = try await client.send(method, path, body: body, within: timeout)
        } catch {
            throw Refusal(message: "no gateway answers: \(error)", code: self.unavailable)
        }
        switch answer.status {
        case 200, 422: return answer
        case 401:
            let advice = "set GATEWAY_ADMIN_TOKEN to the token in [admin].token of the gateway"
            throw Refusal(message: "\(client.address) does not accept the token: \(advice)", code: self.denied)
        case 403:
            let detail = (Problem(answer.body)?.detail ?? "403").trimmingFullStop
            let advice = "run this on the gateway's machine, or set [admin].token"
            throw Refusal(message: "\(client.address) refused: \(detail): \(advice)", code: self.denied)
        default:
            let detail = (Problem(answer.body)?.detail ?? "this is no gateway, or another version").trimmingFullStop
            throw Refusal(message: "\(client.address) answered \(answer.status): \(detail)", code: self.unavailable)
        }
    }
}

extension String {
    fileprivate var trimmingFullStop: String { self.hasSuffix(".") ? String(self.dropLast()) : self }
}
