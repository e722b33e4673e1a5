import GatewayHTTP1
import Testing

@testable import Gateway

struct AdminEndpointTests {
    @Test func `each path is listed once`() {
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
    func `other paths do not match`(path: String) {
        #expect(AdminEndpoint.match(.get, path) == .none)
    }

    @Test func `a mismatched method reports the allowed ones`() {
        #expect(AdminEndpoint.match(.head, "/metrics") == .endpoint(.metrics, parameters: []))
        #expect(AdminEndpoint.match(.post, "/metrics") == .otherMethod(.metrics, allow: "GET, HEAD"))
        #expect(AdminEndpoint.match(.head, "/metrics/reset") == .otherMethod(.resetStatistics, allow: "POST"))
    }

    @Test(arguments: [
        ("users", "users"), ("a%20b", "a b"), ("a%2Fb", "a/b"), ("%C3%BC", "ü"), ("100%", "100%"), ("%zz", "%zz"),
        ("{route}", "{route}"),
    ])
    func `a path parameter is decoded`(segment: String, name: String) {
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
    func `an entry of expose selects endpoints`(entry: String, paths: [String]) {
        #expect(AdminEndpoint.paths(exposedAs: entry) == paths)
    }

    @Test func `an entry of expose includes the endpoints below it`() {
        #expect(
            Set(AdminEndpoint.paths(exposedAs: "/health")) == [
                "/health", "/health/live", "/health/liveness", "/health/ready", "/health/readiness", "/health/detailed",
            ]
        )
    }

    @Test func `an unknown entry of expose is an error`() {
        var configuration = GatewayConfiguration.demo
        configuration.admin.expose = ["/metrics", "/helth"]
        let errors = configuration.validate(middlewares: .standard)
        #expect(errors.map(\.key) == ["admin.expose[1]"])
        #expect(errors.first.map { "\($0)" }?.contains("\"/helth\" is not an admin endpoint") == true)
    }
}
