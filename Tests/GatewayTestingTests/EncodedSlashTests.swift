import Gateway
import GatewayTesting
import HTTPTypes
import Testing

@testable import GatewayHTTP
@testable import GatewaySettings

/// Complete requests with `%2F` and `%5C` in their paths: an encoded slash bypasses no rule.
struct EncodedSlashTests {
    private static let toml = """
        [admin]
        expose = ["/health", "/metrics"]
        [upstreams.app]
        builtin = "in_process"
        [[routes]]
        path = "/*"
        upstream = "app"
        [[routes]]
        path = "/admin/*"
        upstream = "app"
        ip.allow = ["10.0.0.0/8"]
        [[routes]]
        path = "/public/*"
        upstream = "app"
        [[routes]]
        path = "/projects/*"
        upstream = "app"
        [[routes]]
        path = "/users/{id}"
        rewrite = "/internal/{id}"
        upstream = "app"
        [[routes]]
        path = "/api/*"
        strip_prefix = "/api"
        upstream = "app"
        [[routes]]
        path = "/deep/*"
        strip_prefix = "/deep/v1"
        upstream = "app"
        [[routes]]
        path = "/tenants/{tenant}/*"
        rewrite = "/store/{rest}"
        upstream = "app"
        [[routes]]
        path = "/signed/*"
        forward_path = "original"
        upstream = "app"
        """

    private static func configuration(_ toml: String = toml) throws -> GatewayConfiguration {
        try GatewayConfiguration(toml: toml, environment: [:])
    }

    private static func explainedStatus(_ method: String, _ path: String, _ toml: String = toml) throws -> Int? {
        let request = try ExplainedRequest(method: method, url: path)
        return try RequestExplanation(request, configuration: Self.configuration(toml)).status
    }

    @Test func `a path that matches another route after decoding is rejected`() async throws {
        let route = try await TestRoute(Self.configuration())
        let paths = [
            "/admin%2Fx", "/admin%2fx", "/admin%2F", "/admin%2F%2F", "/%2Fadmin/x", "/%2F%2Fadmin", "/.%2Fadmin/x",
            "/%2e%2Fadmin/x", "/public/..%2Fadmin/x", "/public/%2E%2E%2fadmin/x", "/x%2f..%2f..%2fadmin",
            "/x%2F..%2Fadmin", "/x%2F%2e%2e%2Fadmin/y", "/public%2F..%2Fadmin%2Fx", "/public/x%2F..%2F..%2Fadmin/x",
            "/admin%5Cx", "/admin%5cx", "/%5Cadmin/x", "/public/..%5Cadmin", "/x%5C..%2Fadmin/x", "/x%2F..%5Cadmin",
            // For servers that merge slashes after they resolve dot segments.
            "/admin%2F%2F..%2Fx", "/x/admin%2F..%2F%2F..%2Fadmin",
            // For servers that do not resolve dot segments.
            "/admin%2F..%2Fpublic",
            // For servers that strip ";…" before.
            "/public/..;%2Fadmin", "/x%2F..;%2Fadmin", "/x%2F..%3Bv=1%2Fadmin", "/public/x%2F.;%2Fy",
            // Above the root.
            "/..%2Fx", "/%2E%2E%5Cadmin", "/public/..%2F..%2Fx",
            // Between routes without rules.
            "/public/..%2F", "/public%2Fx", "/projects/..%2Fpublic/x", "/users%2F7", "/users/7%2Fkeys",
            "/users/..%2F..%2Fadmin", "/api%2Fx", "/api/..%2Fx", "/tenants%2Fa%2Fb",
            // Out of the path that strip_prefix leaves, or that rewrite inserts.
            "/deep/v1/..%2Fx", "/deep/v1/a%2F..%2F..%2Fx", "/tenants/a/..%2Fb", "/tenants/a/x%5C..%5C..%5Cb",
            "/signed/..%2Fx", "/signed/../admin%2fx",
            // To endpoints in admin.expose.
            "/health%2Flive", "/%2Fhealth", "/public/..%2Fmetrics", "/metrics%2Fperformance%2Fall",
        ]
        for path in paths {
            #expect(try await route.send(.get, path).status == 400, "\(path)")
            #expect(try Self.explainedStatus("GET", path) == 400, "\(path)")
        }
        #expect(route.upstream.requests.isEmpty)
    }

    @Test func `a path that matches the same route either way is forwarded`() async throws {
        let route = try await TestRoute(Self.configuration())
        let paths: [(path: String, sent: String)] = [
            ("/projects/group%2Fproject", "/projects/group%2Fproject"),
            ("/projects/group%2fproject/issues?x=%2F..", "/projects/group%2Fproject/issues?x=%2F.."),
            ("/projects/group%5cproject", "/projects/group%5Cproject"), ("/x%2Fadmin", "/x%2Fadmin"),
            ("/public/a%2F..%2Fb", "/public/a%2F..%2Fb"), ("/public/a%2F%2Fb", "/public/a%2F%2Fb"),
            // Nothing is decoded twice.
            ("/admin%252Fx", "/admin%252Fx"), ("/public/..%252Fadmin", "/public/..%252Fadmin"),
            ("/%252e%252e%252fadmin", "/%252e%252e%252fadmin"),
            ("/public/x?next=/..%2Fadmin", "/public/x?next=/..%2Fadmin"), ("/api/a%2Fb", "/a%2Fb"),
            ("/api/a%2F..%2Fb", "/a%2F..%2Fb"), ("/deep/v1/a%2Fb", "/a%2Fb"),
            ("/tenants/a/b%2Fc", "/store/b%2Fc"), ("/signed/a%2fb", "/signed/a%2fb"),
        ]
        for (path, sent) in paths {
            #expect(try await route.send(.get, path).status == 200, "\(path)")
            #expect(route.upstream.requests.last?.head.path == sent, "\(path)")
            #expect(try Self.explainedStatus("GET", path) == nil, "\(path)")
        }
        #expect(try await route.send(.get, "/admin/a%2Fb").status == 403)
        #expect(try await route.send(.get, "/admin/a%2Fb", from: "10.0.0.1").status == 200)
    }

    @Test func `both ways of matching consider method, headers and host`() async throws {
        let toml = """
            [upstreams.app]
            builtin = "in_process"
            [[routes]]
            path = "/api/*"
            methods = ["GET"]
            upstream = "app"
            [[routes]]
            path = "/{page}"
            methods = ["GET"]
            upstream = "app"
            [[routes]]
            path = "/{page}/secret"
            match_headers = { X-Secret = "*" }
            upstream = "app"
            [[routes]]
            hosts = ["other.example"]
            path = "/x/y"
            upstream = "app"
            """
        let route = try await TestRoute(Self.configuration(toml))
        let answers: [(method: HTTPRequest.Method, path: String, host: String, status: Int)] = [
            (.get, "/api/a%2Fb", "a.example", 200), (.post, "/api/a%2Fb", "a.example", 405),
            (.get, "/none/a%2Fb", "a.example", 404), (.post, "/none/a%2Fb", "a.example", 404),
            // To another route, or to one that does not match the request.
            (.get, "/api%2Fa", "a.example", 400), (.post, "/api%2Fa", "a.example", 405),
            (.get, "/api/a%2F..%2F..%2Fpage", "a.example", 400), (.get, "/page%2Fsecret", "a.example", 400),
            // To a path without a route: inside the matched route, and outside.
            (.get, "/page%2Fx", "a.example", 200), (.post, "/page%2Fx", "a.example", 405),
            (.get, "/page%2F..%2Fx%2Fy", "a.example", 200), (.get, "/api/..%2Fnone/x", "a.example", 400),
            // To a route of another host.
            (.get, "/x%2Fy", "a.example", 200), (.get, "/x%2Fy", "other.example", 400),
            (.get, "/none/..%2Fx/y", "a.example", 404), (.get, "/none/..%2Fx/y", "other.example", 400),
        ]
        for (method, path, host, status) in answers {
            var headers = HTTPFields()
            headers[try #require(HTTPField.Name("Host"))] = host
            #expect(try await route.send(method, path, headers: headers).status == status, "\(method) \(path) \(host)")
            let explained = try Self.explainedStatus(method.rawValue, "http://\(host)\(path)", toml)
            #expect(explained == (status == 200 ? nil : status), "\(method) \(path) \(host)")
        }
    }
}
