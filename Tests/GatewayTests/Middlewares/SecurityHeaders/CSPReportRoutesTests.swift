import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayMiddlewares
@testable import GatewaySettings

struct CSPReportRoutesTests {
    private static let toml = """
        [[routes]]
        name = "site"
        hosts = ["site.example", "www.site.example"]
        path = "/*"
        respond = {}
        security_headers = { preset = "web" }
        [[routes]]
        name = "admin"
        hosts = ["site.example", "www.site.example"]
        path = "/admin/*"
        respond = {}
        security_headers = { preset = "strict" }
        [[routes]]
        name = "own"
        hosts = ["own.example"]
        path = "/reports"
        respond = {}
        security_headers = { csp = { report_path = "/reports" } }
        [[routes]]
        name = "silent"
        path = "/silent"
        respond = {}
        security_headers = { preset = "web", csp = { policy = "" } }
        [[routes]]
        name = "off"
        path = "/off"
        respond = {}
        security_headers = false
        [[routes]]
        name = "api"
        path = "/api"
        respond = {}
        """

    private static func configuration() throws -> GatewayConfiguration {
        try GatewayConfiguration(toml: self.toml, environment: [:], middlewares: .standard)
    }

    @Test func `each report path has a route on the hosts whose policies use it`() throws {
        let configuration = try Self.configuration()
        var resolver = MiddlewareResolver(configuration, middlewares: .standard)
        #expect(
            CSPReportRoutes.all(in: configuration, &resolver) == [
                RouteMatch(hosts: ["site.example", "www.site.example"], path: "/.gateway/csp-reports"),
                RouteMatch(hosts: ["own.example"], path: "/reports"),
            ]
        )
    }

    @Test(arguments: [
        ("http://site.example/.gateway/csp-reports", "_csp_reports"), ("http://site.example/x", "site"),
        ("http://own.example/reports", "own"), ("http://other.example/.gateway/csp-reports", nil as String?),
    ])
    func `explain shows the routes, and a configured route with the same path wins`(url: String, route: String?) throws
    {
        let explanation = try RequestExplanation(
            ExplainedRequest(method: "POST", url: url, fields: [], peer: .loopback),
            configuration: Self.configuration(),
            middlewares: .standard
        )
        #expect(explanation.routeName == route)
        #expect(explanation.rejected.count == (explanation.route == nil ? 6 : 5))
    }
}
