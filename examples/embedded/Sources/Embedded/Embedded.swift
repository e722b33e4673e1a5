import Foundation
import Gateway
import Logging
import ServiceLifecycle

/// Serves `gateway.toml` with a handler of this program behind the chain.
@main
struct Embedded {
    static let middlewares = MiddlewareList.standard
        .inserting(.of(Tenant.self, defaults: .init()), before: "rate_limit")

    static func main() async {
        do {
            try await run(CommandLine.arguments.dropFirst())
        } catch {
            // An error thrown out of `main` would crash the program.
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            exit(error is ConfigurationErrors ? 2 : 1)
        }
    }

    static func run(_ arguments: ArraySlice<String>) async throws {
        let configuration = try GatewayConfiguration(file: "gateway.toml")
        switch arguments.first {
        case "check":
            for warning in try await configuration.check(middlewares: middlewares) { print("warning: \(warning)") }
        case "explain":
            print(try configuration.explanation(of: "GET", arguments.last ?? "/", middlewares: middlewares))
        case "--check":
            try await selfCheck(configuration)
        default:
            try await services(gateway(configuration)).run()
        }
    }

    static func gateway(_ configuration: GatewayConfiguration) throws -> GatewayServer {
        try GatewayServer(
            configuration,
            middlewares: middlewares,
            inProcess: ["app": { request in try await Greeter().respond(to: request) }]
        )
    }

    static func services(_ gateway: GatewayServer) -> ServiceGroup {
        ServiceGroup(
            services: [gateway],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: Logger(label: "embedded")
        )
    }
}
