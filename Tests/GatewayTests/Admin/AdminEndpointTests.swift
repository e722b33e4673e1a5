import GatewayHTTP1
import Testing

@testable import Gateway

struct AdminEndpointTests {
    @Test func `has each path once`() {
        let paths = AdminEndpoint.allCases.flatMap(\.paths)
        #expect(Set(paths).count == paths.count)
        for endpoint in AdminEndpoint.allCases {
            for path in endpoint.paths {
                let path = path.replacing("{route}", with: "users")
                let parameters = endpoint == .routePerformance ? ["users"] : []
                #expect(AdminEndpoint.match(endpoint.method, path) == .endpoint(endpoint, parameters: parameters))
            }
        }
    }

    @Test(arguments: [
        "", "/health/", "/HEALTH", "/health/detailed/x", "/metrics2", "/metrics/performance/",
        "/metrics/performance/a/b",
    ])
    func `takes no path but its own`(path: String) {
        #expect(AdminEndpoint.match(.get, path) == .none)
    }

    @Test func `tells which methods there are`() {
        #expect(AdminEndpoint.match(.head, "/metrics") == .endpoint(.metrics, parameters: []))
        #expect(AdminEndpoint.match(.post, "/metrics") == .otherMethod(.metrics, allow: "GET, HEAD"))
        #expect(AdminEndpoint.match(.head, "/metrics/reset") == .otherMethod(.resetStatistics, allow: "POST"))
    }

    @Test(arguments: [
        ("users", "users"), ("a%20b", "a b"), ("a%2Fb", "a/b"), ("%C3%BC", "ü"), ("100%", "100%"), ("%zz", "%zz"),
        ("{route}", "{route}"),
    ])
    func `reads a name out of the path`(segment: String, name: String) {
        let path = "/metrics/performance/\(segment)"
        #expect(AdminEndpoint.match(.get, path) == .endpoint(.routePerformance, parameters: [name]))
    }

    @Test(arguments: [
        ("/upstreams", ["/upstreams"]),
        ("/metrics/reset", []),
        ("/metrics/performance", ["/metrics/performance", "/metrics/performance/{route}"]),
        ("/health/live", ["/health/live"]),
        ("/", ["/"]),
        ("/heal", []),
        ("health", []),
        ("", []),
    ])
    func `exposes an endpoint`(entry: String, paths: [String]) {
        #expect(AdminEndpoint.paths(exposedAs: entry) == paths)
    }

    @Test func `exposes what lies below`() {
        #expect(
            Set(AdminEndpoint.paths(exposedAs: "/health")) == [
                "/health", "/health/live", "/health/liveness", "/health/ready", "/health/readiness", "/health/detailed",
            ]
        )
    }

    @Test func `cannot expose what there is not`() {
        var configuration = GatewayConfiguration.demo
        configuration.admin.expose = ["/metrics", "/helth"]
        let errors = configuration.validate(middlewares: .standard)
        #expect(errors.map(\.key) == ["admin.expose[1]"])
        #expect(errors.first.map { "\($0)" }?.contains("\"/helth\" is not an admin endpoint") == true)
    }
}
