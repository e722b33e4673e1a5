import Foundation
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayMiddlewares
@testable import GatewaySettings

struct GatewayConfigurationTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @Test
    func `the shipped file is valid`() throws {
        let file = Self.root.appendingPathComponent("gateway.toml")
        let shipped = try GatewayConfiguration(file: file.path, environment: [:], middlewares: .standard)
        #expect(shipped.document.warnings == [])
        #expect(shipped.upstreams["demo"]?.builtin == .demo)
    }

    @Test
    func `the starter file is equivalent to the demo configuration`() throws {
        var first = try GatewayConfiguration(
            toml: StarterConfiguration.text(to: nil),
            environment: [:],
            middlewares: .standard
        )
        #expect(first.document.warnings == [])
        let settings = try Self.settings(of: first)
        #expect(try settings == Self.settings(of: .demo))
        first.middleware = MiddlewareTables()
        #expect(first.written == GatewayConfiguration.demo.written)
    }

    /// The settings for requests without a route, each in its canonical form.
    private static func settings(of configuration: GatewayConfiguration) throws -> [SettingValue] {
        func canonical<Config: Codable>(_ defaults: Config, _ middleware: EffectiveMiddleware) throws -> SettingValue {
            SettingSchema.written(try middleware.decode(Config.self))
        }
        var resolver = MiddlewareResolver(configuration, middlewares: .standard)
        return try zip(MiddlewareList.standard.descriptions, resolver.withoutRoute()).map { description, middleware in
            let defaults: any Codable = description.defaults
            return try canonical(defaults, middleware)
        }
    }

    @Test(arguments: ["http://127.0.0.1:9001", "http://[::1]:9001/", "unix:/run/app.sock"])
    func `a configuration can be created for one upstream`(_ url: String) throws {
        let configuration = try GatewayConfiguration.to(url: url)
        #expect(configuration.validate(middlewares: .standard) == [])
        #expect(configuration.upstreams["api"]?.targets.first?.url == TargetURL(url))
        let file = try GatewayConfiguration(
            toml: StarterConfiguration.text(to: url),
            environment: [:],
            middlewares: .standard
        )
        #expect(file.upstreams["api"]?.targets.first?.url == TargetURL(url))
    }

    @Test(arguments: ["", "ftp://a", "a:80", "http://", "http://a/b", "\n"])
    func `an invalid upstream is rejected`(_ url: String) {
        #expect(throws: ConfigurationErrors.self) { try GatewayConfiguration.to(url: url) }
    }

    @Test
    func `errors in a configuration from code are found`() {
        var configuration = GatewayConfiguration.demo
        configuration.server.limits.headerCount = 0
        configuration.server.listen = [.host("a b", port: 99_999)]
        configuration.upstreams["demo"]?.targets = [TargetConfiguration(.http(host: "a", port: 1), weight: 0)]
        configuration.routes[0].path = "x"
        configuration.routes[0].middleware["rate_limt"] = ["limit": "1/second"]
        configuration.middleware["rate_limit"] = ["limit": "x"]
        let errors = configuration.validate(middlewares: MiddlewareFixtures.all).map(\.key)
        #expect(
            Set(errors) == [
                "server.limits.header_count", "server.listen[0]", "upstreams.demo.builtin",
                "upstreams.demo.targets[0].weight",
                "routes[0].path", "routes[0].rate_limt", "middleware.rate_limit.limit",
            ]
        )
        #expect(throws: ConfigurationErrors.self) { try configuration.validated(middlewares: MiddlewareFixtures.all) }
    }

    @Test
    func `routes from code are named in errors`() throws {
        var configuration = GatewayConfiguration.demo
        configuration.routes[0].name = ""
        #expect(try configuration.validated(middlewares: []).routes.map(\.name) == ["all"])
    }

    @Test
    func `the description contains no secrets`() throws {
        let configuration = try GatewayConfiguration(
            """
            server.listen = ["127.0.0.1:${PORT}"]
            admin.token = "s3cret"
            upstreams.api.targets = ["http://${HOST}:1", { url = "http://${HOST}:2" }]
            upstreams.api.health.headers = { Authorization = "p0ll", X-Check = "check" }
            middleware.headers.request.set = { X-Key = "${KEY}", X-Token = "t0ken", X-Plain = "${NONE:-plain}" }
            [[routes]]
            path = "/*"
            upstream = "api"
            headers.response.set = { Password = "pa55", Set-Cookie = "c00kie" }
            [[routes]]
            path = "/a"
            respond.headers = { Authorization = "auth0", X-MyApiKey = "ap1", X-Other = "other" }
            """,
            environment: ["PORT": "8123", "HOST": "h1dden", "KEY": "k3y"]
        )
        let shown = JSONText.text(JSONValue(configuration.redacted()))
        for secret in ["8123", "s3cret", "h1dden", "k3y", "t0ken", "pa55", "c00kie", "auth0", "ap1", "p0ll"] {
            #expect(!shown.contains(secret), "\(secret)")
        }
        #expect(shown.contains("\"X-Plain\":\"plain\""))
        #expect(shown.contains("\"X-Other\":\"other\""))
        #expect(shown.contains("\"X-Check\":\"check\""))
        #expect(shown.contains("\"request_line\":\"8KiB\""))
        #expect(configuration.admin.token == "s3cret")
    }

    @Test
    func `an unreadable file is reported with the reason`() throws {
        let missing = try #require(throws: ConfigurationErrors.self) {
            try GatewayConfiguration(file: "/nowhere/gateway.toml", environment: [:], middlewares: [])
        }
        #expect(missing.description == "/nowhere/gateway.toml: no such file: create one with `gateway init`")
        let folder = try #require(throws: ConfigurationErrors.self) {
            try GatewayConfiguration(file: Self.root.path, environment: [:], middlewares: [])
        }
        #expect(folder.description == "\(Self.root.path): this is a directory: name a file")
    }

    @Test
    func `ten thousand routes can be read`() throws {
        var toml = "[upstreams.api]\nbuiltin = \"demo\"\n"
        for index in 0..<10_000 { toml += "[[routes]]\npath = \"/r\(index)/{id}\"\nupstream = \"api\"\n" }
        let configuration = try GatewayConfiguration(toml)
        #expect(configuration.routes.count == 10_000)
        #expect(Set(configuration.routes.map(\.name)).count == 10_000)
    }
}
