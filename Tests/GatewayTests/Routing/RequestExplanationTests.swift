import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewaySettings

struct RequestExplanationTests {
    static let toml = """
        [server]
        trusted_proxies = ["10.0.0.0/8"]
        [admin]
        expose = ["/health"]
        [upstreams.api]
        targets = ["http://127.0.0.1:9001", "http://127.0.0.1:9002"]
        [upstreams.socket]
        targets = ["unix:/run/app.sock"]
        [upstreams.demo]
        builtin = "demo"
        [middleware.timeout]
        first_byte = "5s"
        [policies.public.timeout]
        idle = "7s"
        [[routes]]
        name = "users"
        hosts = ["api.example.com"]
        path = "/v1/users/{id}"
        methods = ["GET"]
        upstream = "api"
        strip_prefix = "/v1"
        policies = ["public"]
        [routes.access_log]
        sample = 0.5
        [[routes]]
        name = "versioned"
        path = "/v1/users/{id}"
        match_headers = { "X-Api-Version" = "2" }
        match_query = { "debug" = "${TOKEN}" }
        upstream = "api"
        rewrite = "/internal/{id}"
        [[routes]]
        name = "files"
        path = "/files/*"
        upstream = "socket"
        rewrite = "/store/{rest}"
        [[routes]]
        name = "signed"
        path = "/signed/*"
        upstream = "demo"
        forward_path = "original"
        [[routes]]
        name = "old"
        path = "/old"
        redirect = { to = "https://{host}{uri}" }
        """

    private func explain(
        _ method: String,
        _ url: String,
        _ fields: [(name: String, value: String)] = [],
        from peer: String = "192.0.2.1"
    ) throws -> RequestExplanation {
        let configuration = try GatewayConfiguration(toml: Self.toml, environment: ["TOKEN": "s3cret"])
        let address = try #require(IPAddress(peer))
        return try RequestExplanation(
            ExplainedRequest(method: method, url: url, fields: fields, peer: address),
            configuration: configuration
        )
    }

    @Test(
        arguments: [
            ("http://api.example.com/v1/users/7", "users", "http://127.0.0.1:9001/users/7"),
            ("HTTP://API.example.com:81/v1//users/%37?a=%2f#top", "users", "http://127.0.0.1:9001/users/7?a=%2f"),
            ("https://api.example.com/v1/users/a%2fb?", "users", "http://127.0.0.1:9001/users/a%2Fb?"),
            ("/files/a/../b", "files", "http://unix:/run/app.sock:/store/b"),
            ("/files", "files", "http://unix:/run/app.sock:/store/"),
            ("/signed/%7Ea//b", "signed", "builtin:demo/signed/%7Ea//b"),
        ]
    )
    func `the route and the upstream URL are shown`(url: String, route: String, upstream: String) throws {
        let explanation = try self.explain("GET", url)
        #expect(explanation.routeName == route)
        #expect(explanation.upstream?.url == upstream)
        #expect(explanation.status == nil)
    }

    @Test func `further targets are listed`() throws {
        let explanation = try self.explain("GET", "http://api.example.com/v1/users/7")
        #expect(explanation.upstream?.otherTargets == ["http://127.0.0.1:9002/users/7"])
    }

    @Test func `a route with a local response has no upstream`() throws {
        let explanation = try self.explain("GET", "/old")
        #expect(explanation.route?.name == "old")
        #expect(explanation.upstream == nil)
    }

    @Test func `Host overrides the host of the URL`() throws {
        let explanation = try self.explain("GET", "http://b.example/v1/users/7", [("host", "api.example.com")])
        #expect(explanation.routeName == "users")
    }

    @Test func `the other routes are listed with the reason why they do not match`() throws {
        let fields = [(name: "x-api-version", value: "2")]
        let explanation = try self.explain("POST", "http://api.example.com/v1/users/7?debug=s3cret", fields)
        #expect(explanation.routeName == "versioned")
        #expect(explanation.rejected.map(\.route) == ["users", "files", "signed", "old"])
        #expect(explanation.rejected[0].reason == "method: matches GET")
        #expect(explanation.rejected[1].reason == "path: matches /files/*")
        let other = try self.explain("GET", "http://api.example.com/v1/users/7?debug=s3cret", fields)
        #expect(other.rejected[0] == .init(route: "versioned", reason: "less specific than users"))
        let elsewhere = try self.explain("GET", "http://b.example/v1/users/7", fields)
        #expect(elsewhere.rejected[0].reason == "host: matches api.example.com")
        #expect(elsewhere.rejected[1].reason == "query debug: must be \"[redacted]\"")
        let plain = try self.explain("GET", "http://b.example/v1/users/7")
        #expect(plain.rejected[1].reason == "header x-api-version: must be \"2\"")
    }

    @Test(
        arguments: [
            ([("Content-Length", "1"), ("Content-Length", "2")], 400), ([("Content-Length", "x")], 400),
            ([("Content-Length", "1"), ("Transfer-Encoding", "chunked")], 400),
            ([("Transfer-Encoding", "gzip, chunked")], 501), ([("Host", "a"), ("Host", "b")], 400),
            ([("Host", "a b")], 400), ([("X-A", "a\u{0}b")], 400),
        ] as [([(String, String)], Int)]
    )
    func `fields that a connection rejects get its response`(fields: [(String, String)], status: Int) throws {
        let explanation = try self.explain("GET", "/old", fields.map { (name: $0.0, value: $0.1) })
        #expect(explanation.status == status)
        #expect(explanation.routeName == nil)
    }

    @Test(
        arguments: [
            ("GET", "/nowhere", 404, nil),
            ("DELETE", "http://api.example.com/v1/users/7", 405, "GET, HEAD"),
            ("GET", "/../x", 400, nil),
            ("GET", "/a%zz", 400, nil),
            ("TRACE", "/old", 405, "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
            ("OPTIONS", "*", 404, nil),
        ] as [(String, String, Int, String?)]
    )
    func `a request without a route is shown with its response`(
        method: String,
        url: String,
        status: Int,
        allow: String?
    ) throws {
        let explanation = try self.explain(method, url)
        guard case .refused(status, _, allow) = explanation.verdict else {
            Issue.record("\(explanation.verdict)")
            return
        }
        #expect(explanation.routeName == nil)
        #expect(explanation.json.contains("\"route\": null"))
        #expect(explanation.json.contains("\"status\": \(status)"))
    }

    @Test func `endpoints in admin.expose have no route`() throws {
        let explanation = try self.explain("GET", "/health/ready")
        #expect(explanation.verdict == .admin)
        #expect(explanation.routeName == MetricLabel.adminRoute)
        #expect(explanation.position?.line == 4)
    }

    @Test func `every setting is shown with its source`() throws {
        let explanation = try self.explain("GET", "http://api.example.com/v1/users/7")
        func source(_ middleware: String, _ key: String) -> String? {
            let leaves = explanation.middlewares.first { $0.name == middleware }?.leaves
            return (leaves?.first { $0.key == key }?.source).map { "\($0)" }
        }
        #expect(source("timeout", "first_byte") == "gateway.toml:12")
        #expect(source("timeout", "idle") == "gateway.toml:14 (policy public)")
        #expect(source("timeout", "total") == "default")
        #expect(source("access_log", "sample") == "gateway.toml:24")
        #expect(explanation.position?.line == 15)
    }

    @Test(
        arguments: [
            ("192.0.2.1", "198.51.100.1", "192.0.2.1"), ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),
            ("10.0.0.1", "", "10.0.0.1"),
        ]
    )
    func `the client is the one that trusted proxies report`(peer: String, forwarded: String, client: String) throws {
        let fields = forwarded.isEmpty ? [] : [(name: "X-Forwarded-For", value: forwarded)]
        #expect(try self.explain("GET", "/old", fields, from: peer).clientIP == client)
    }

    @Test(arguments: ["", "old", "ftp://a.example/", "http:///old", "http://a b/", "http://user@a.example/"])
    func `an invalid URL is rejected`(url: String) {
        #expect(throws: ExplainedRequest.Invalid.self) { try ExplainedRequest(method: "GET", url: url) }
    }

    @Test(arguments: ["", "G T", "GÉT"])
    func `an invalid method is rejected`(method: String) {
        #expect(throws: ExplainedRequest.Invalid.self) { try ExplainedRequest(method: method, url: "/") }
    }

    @Test func `an invalid header name is rejected`() {
        #expect(throws: ExplainedRequest.Invalid.self) {
            try ExplainedRequest(method: "GET", url: "/", fields: [("a b", "1")])
        }
    }
}
