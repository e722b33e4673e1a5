import Testing

@testable import Gateway
@testable import GatewaySettings

struct MiddlewareResolverTests {
    private func middleware(_ name: String, in toml: String) throws -> EffectiveMiddleware {
        let configuration = try GatewayConfiguration(toml)
        var resolver = MiddlewareResolver(configuration, middlewares: MiddlewareFixtures.all)
        let chain = try resolver.settings(for: #require(configuration.routes.first))
        return try #require(chain.first { $0.name == name })
    }

    @Test
    func `the defaults are decoded`() throws {
        let toml = "[[routes]]\npath = \"/\"\nrespond = {}"
        let timeout = try middleware("timeout", in: toml)
        #expect(timeout.isEnabled)
        #expect(try timeout.decode(MiddlewareFixtures.Timeout.self) == MiddlewareFixtures.Timeout())
        let limit = try middleware("rate_limit", in: toml)
        #expect(!limit.isEnabled)
        #expect(try limit.decode(MiddlewareFixtures.RateLimit.self) == MiddlewareFixtures.RateLimit())
    }

    @Test
    func `nested tables, enumerations, lists, optionals and free keys are decoded`() throws {
        let toml = """
            [[routes]]
            path = "/"
            respond = {}
            request_id = { accept = "always", aliases = ["A", "B"] }
            security_headers = { frame_policy = "DENY", csp = { report_only = "x" } }
            rate_limit = { burst = 5, key = ["header:X-Tenant", "route"], exempt = ["::1"] }
            headers.request.set = { "X-fooBar" = "1", X_Y = "2" }
            """
        let id = try middleware("request_id", in: toml).decode(MiddlewareFixtures.RequestID.self)
        #expect(id.accept == .always)
        #expect(id.aliases == ["A", "B"])
        let security = try middleware("security_headers", in: toml).decode(MiddlewareFixtures.SecurityHeaders.self)
        #expect(security.framePolicy == "DENY")
        #expect(security.csp == .init(policy: "default-src 'none'", reportOnly: "x"))
        let limit = try middleware("rate_limit", in: toml).decode(MiddlewareFixtures.RateLimit.self)
        #expect(limit.burst == 5)
        #expect(limit.key == KeySource(.header("X-Tenant"), .route))
        #expect(limit.exempt == [try #require(CIDR("::1"))])
        let headers = try middleware("headers", in: toml).decode(MiddlewareFixtures.Headers.self)
        #expect(headers.request.set == ["X-fooBar": "1", "X_Y": "2"])
    }

    @Test
    func `the order of registration is kept`() throws {
        var resolver = MiddlewareResolver(GatewayConfiguration(), middlewares: MiddlewareFixtures.all)
        #expect(resolver.withoutRoute().map(\.name) == MiddlewareFixtures.all.map(\.name))
    }

    @Test
    func `an error found by a middleware has the position of its setting`() throws {
        let toml = "[middleware.request_id]\nheader = \"a b\"\n[[routes]]\npath = \"/\"\nrespond = {}"
        let id = try middleware("request_id", in: toml)
        let error = id.error("\"a b\" is no header name", suggestion: "write \"X-Request-ID\"", at: ["header"])
        #expect(
            error.description
                == "gateway.toml:2:10: request_id.header: \"a b\" is no header name: write \"X-Request-ID\""
        )
        #expect(id.error("x", suggestion: "", at: ["accept"]).line == 0)
    }

    @Test(
        arguments: [
            (["limit"], EffectiveMiddleware.Place.route), (["burst"], .common), (["key"], .policy("b")),
            (["exempt"], .route), ([], .route),
        ]
    )
    func `the table that a setting comes from is known`(_ keys: [String], _ place: EffectiveMiddleware.Place) throws {
        let toml = """
            [middleware.rate_limit]
            limit = "1/second"
            burst = 5
            key = "route"
            [policies.a.rate_limit]
            limit = "2/second"
            key = "route"
            [policies.b]
            rate_limit = { key = "global" }
            [policies.c]
            rate_limit = false
            [[routes]]
            path = "/"
            respond = {}
            policies = ["a", "b", "c"]
            rate_limit = { limit = "3/second" }
            """
        #expect(try middleware("rate_limit", in: toml).place(of: keys) == place)
    }

    @Test
    func `tables from code are merged like those of a file`() throws {
        var configuration = GatewayConfiguration.demo
        configuration.middleware["timeout"] = ["connect": "1s"]
        configuration.policies["slow"] = ["timeout": ["first_byte": "5m"]]
        configuration.routes[0].policies = ["slow"]
        configuration.routes[0].middleware.set("request_id", to: MiddlewareFixtures.RequestID(header: "X-ID"))
        configuration.routes[0].middleware["access_log"] = false
        #expect(configuration.validate(middlewares: MiddlewareFixtures.all) == [])

        var resolver = MiddlewareResolver(configuration, middlewares: MiddlewareFixtures.all)
        let chain = resolver.settings(for: configuration.routes[0])
        #expect(!chain[1].isEnabled)
        #expect(try chain[0].decode(MiddlewareFixtures.RequestID.self).header == "X-ID")
        let timeout = try chain[2].decode(MiddlewareFixtures.Timeout.self)
        #expect(timeout.connect == .seconds(1))
        #expect(timeout.firstByte == .seconds(300))
        #expect(chain[2].leaves.first { $0.key == "connect" }?.source == .code)
    }
}
