import Gateway
import Logging
import ServiceLifecycle

/// Serves `gateway.toml` with a handler of its own behind the chain; with `--check` it asks itself and stops.
@main
struct Embedded {
    static func main() async throws {
        let isCheck = CommandLine.arguments.contains("--check")
        var configuration = try GatewayConfiguration(file: "gateway.toml")
        // A program may change what the file says.
        if isCheck { configuration.server.listen = [.host("127.0.0.1", port: 0)] }

        let gateway = try GatewayServer(
            configuration,
            middlewares: .standard.inserting(.of(Tenant.self, defaults: .init()), before: "rate_limit"),
            inProcess: ["app": { request in try await Greeter().respond(to: request) }]
        )
        let services = ServiceGroup(
            services: [gateway],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: Logger(label: "embedded")
        )
        guard isCheck else { return try await services.run() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            try await check(gateway)
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
        }
        print("embedded: as expected")
    }
}
