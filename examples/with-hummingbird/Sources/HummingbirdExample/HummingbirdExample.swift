import Gateway
import Hummingbird
import Logging
import ServiceLifecycle

/// The gateway's chain in front of a Hummingbird router, in one process and without a socket in between. With `--check` it
/// tests itself and stops.
@main
struct HummingbirdExample {
    static func main() async throws {
        let isCheck = CommandLine.arguments.contains("--check")
        let router = Router(context: GatewayRequestContext.self)
        router.get("users/{name}") { _, context in "user \(try context.parameters.require("name"))" }
        router.post("echo") { request, _ in Response(status: .ok, body: ResponseBody(asyncSequence: request.body)) }
        let responder = router.buildResponder()

        var upstream = UpstreamConfiguration()
        upstream.builtin = .inProcess
        var route = RouteConfiguration()
        route.path = "/*"
        route.upstream = "app"
        var configuration = GatewayConfiguration()
        configuration.server.listen = [.host("127.0.0.1", port: isCheck ? 0 : 8080)]
        configuration.admin.listen = .off
        configuration.upstreams = ["app": upstream]
        configuration.routes = [route]

        let gateway = try GatewayServer(
            configuration,
            inProcess: ["app": { request in try await responder.respond(to: request) }]
        )
        let services = ServiceGroup(
            services: [gateway],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: Logger(label: "example")
        )
        guard isCheck else { return try await services.run() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            try await check(gateway)
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
        }
        print("with-hummingbird: as expected")
    }
}
