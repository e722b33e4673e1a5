import NIOCore

@testable import GatewayAdmin
@testable import GatewayCore
@testable import GatewayEvents
@testable import GatewayHTTP
@testable import GatewaySettings

/// An admin API without sockets, with something to show at each endpoint.
struct DescribedAdmin {
    let status: GatewayStatus

    init() async throws {
        var configuration = GatewayConfiguration()
        for name in ["users", "orders"] {
            var route = RouteConfiguration()
            route.name = name
            route.path = "/\(name)"
            route.upstream = .one("api")
            configuration.routes.append(route)
        }
        var upstream = UpstreamConfiguration()
        for url in ["http://127.0.0.1:9", "http://localhost:9"] {
            guard let url = TargetURL(url) else { continue }
            upstream.targets.append(TargetConfiguration(url))
        }
        upstream.health = HealthCheckConfiguration()
        configuration.upstreams["api"] = upstream
        let shared = SharedState()
        let registry = MeterRegistry()
        self.status = GatewayStatus(
            GatewayStatus.Running(
                configuration: configuration,
                upstreams: UpstreamRegistry(configuration, inProcess: [:])
            ),
            middlewares: [],
            shared: shared,
            registry: registry,
            reloads: ReloadMeters(start: 0),
            eventLoops: []
        )
        self.status.registerMeters(droppedLogLines: nil)
        _ = shared.consumers.consumer("acme", isNamed: true)
    }

    /// The response of an endpoint, or the status of its refusal.
    func ask(_ path: String, _ change: (inout AdminRequest) -> Void = { _ in }) async -> Result<Response, AdminRefusal>
    {
        var request = AdminRequest(path: path)
        request.peer = IPAddress("127.0.0.1")
        request.host = "127.0.0.1:8081"
        change(&request)
        switch await AdminRouter(status: self.status).result(of: request) {
        case .success(.response(let response)): return .success(response)
        case .success(.stream(let client)):
            client.leave()
            return .failure(.badRequest("A stream."))
        case .failure(let refusal): return .failure(refusal)
        }
    }
}
