import GatewayHTTP1
import Testing

@testable import Gateway
@testable import GatewayAdmin
@testable import GatewayHTTP
@testable import GatewayMiddlewares
@testable import GatewaySettings

struct AdminEndpointTests {
    /// A match, with the path of its endpoint.
    private enum Match: Equatable {
        case endpoint(String, [String])
        case otherMethod(String, allow: String)
        case none
    }

    private static func match(_ method: Method, _ path: String) -> Match {
        switch AdminEndpoints.match(method, path) {
        case .endpoint(let endpoint, let parameters): .endpoint(endpoint.path, parameters)
        case .otherMethod(let endpoint, let allow): .otherMethod(endpoint.path, allow: allow)
        case .none: .none
        }
    }

    @Test func `an endpoint has the scope of a write unless its method is GET`() {
        for endpoint in AdminEndpoints.all { #expect((endpoint.scope == .write) == (endpoint.method != .get)) }
    }

    @Test func `each path is listed once per method`() {
        let paths = AdminEndpoints.all.flatMap { endpoint in endpoint.paths.map { "\(endpoint.method.name) \($0)" } }
        #expect(Set(paths).count == paths.count)
        for endpoint in AdminEndpoints.all {
            for path in endpoint.paths {
                let parameters = path.matches(of: /{[a-z_]+}/).map { _ in "users" }
                let path = path.replacing(/{[a-z_]+}/, with: "users")
                #expect(Self.match(endpoint.method, path) == .endpoint(endpoint.path, parameters))
            }
        }
    }

    @Test(arguments: [
        "", "/health/", "/HEALTH", "/health/detailed/x", "/metrics2", "/metrics/performance/",
        "/metrics/performance/a/b",
    ])
    func `other paths do not match`(path: String) {
        #expect(Self.match(.get, path) == .none)
    }

    @Test func `a mismatched method reports the allowed ones`() {
        #expect(Self.match(.head, "/metrics") == .endpoint("/metrics", []))
        #expect(Self.match(.post, "/metrics") == .otherMethod("/metrics", allow: "GET, HEAD"))
        #expect(Self.match(.head, "/metrics/reset") == .otherMethod("/metrics/reset", allow: "POST"))
    }

    @Test(arguments: [
        ("users", "users"), ("a%20b", "a b"), ("a%2Fb", "a/b"), ("%C3%BC", "ü"), ("100%", "100%"), ("%zz", "%zz"),
        ("{route}", "{route}"),
    ])
    func `a path parameter is decoded`(segment: String, name: String) {
        let path = "/metrics/performance/\(segment)"
        #expect(Self.match(.get, path) == .endpoint("/metrics/performance/{route}", [name]))
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
        #expect(AdminEndpoints.paths(exposedAs: entry) == paths)
    }

    @Test func `an entry of expose includes the endpoints below it`() {
        #expect(
            Set(AdminEndpoints.paths(exposedAs: "/health")) == [
                "/health", "/health/live", "/health/liveness", "/health/ready", "/health/readiness", "/health/detailed",
                "/health/polling",
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
