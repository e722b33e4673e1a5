import Testing

@testable import Gateway

struct AdminEndpointTests {
    @Test func `has each path once`() {
        let paths = AdminEndpoint.allCases.flatMap(\.paths)
        #expect(Set(paths).count == paths.count)
        for endpoint in AdminEndpoint.allCases {
            for path in endpoint.paths { #expect(AdminEndpoint(path: path) == endpoint) }
        }
    }

    @Test(arguments: ["", "/health/", "/HEALTH", "/health/detailed/x", "/metrics2"])
    func `takes no path but its own`(path: String) {
        #expect(AdminEndpoint(path: path) == nil)
    }

    @Test(arguments: [
        ("/metrics", ["/metrics"]),
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
        #expect(errors.first.map { "\($0)" }?.contains("\"/helth\" is no admin endpoint") == true)
    }
}
