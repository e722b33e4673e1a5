import Gateway
import GatewayTesting
import HTTPTypes
import Testing

@testable import GatewaySettings

/// Requests of pages of other origins (CORS), as the Fetch standard describes them in sections 3.3 and 4.8 to 4.10.
struct CORSMiddlewareTests {
    private static let page = "https://app.example"

    private static func route(
        _ cors: String,
        more: String = "",
        upstream: FakeUpstream = FakeUpstream()
    ) async throws -> TestRoute {
        let toml = """
            [upstreams.app]
            builtin = "in_process"
            [middleware]
            security_headers = false
            [[routes]]
            path = "/*"
            upstream = "app"
            [routes.cors]
            \(cors)
            \(more)
            """
        return try await TestRoute(GatewayConfiguration(toml: toml, environment: [:]), upstream: upstream)
    }

    private static func preflight(
        _ route: TestRoute,
        _ path: String = "/",
        origin: String = page,
        method: String = "PUT",
        headers: String? = nil,
        more: [(String, String)] = []
    ) async throws -> TestAnswer {
        var fields = [("Origin", origin), ("Access-Control-Request-Method", method)]
        if let headers { fields.append(("Access-Control-Request-Headers", headers)) }
        return try await route.send(.options, path, headers: HTTPFields(fields + more))
    }

    private static let allVary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"

    // MARK: Preflights

    @Test func `an allowed preflight is answered with all that was asked for`() async throws {
        let route = try await Self.route(
            "origins = [\"\(Self.page)\"]\nmethods = [\"PUT\", \"PATCH\"]\nheaders = [\"Content-Type\", \"X-Tenant\"]\nmax_age = \"90s\""
        )
        let answer = try await Self.preflight(route, headers: "content-type,x-tenant")
        #expect(answer.status == 204)
        #expect(answer["Access-Control-Allow-Origin"] == Self.page)
        #expect(answer["Access-Control-Allow-Methods"] == "PUT, PATCH")
        #expect(answer["Access-Control-Allow-Headers"] == "Content-Type, X-Tenant")
        #expect(answer["Access-Control-Max-Age"] == "90")
        #expect(answer["Vary"] == Self.allVary)
        for absent in ["Allow-Credentials", "Expose-Headers", "Allow-Private-Network"] {
            #expect(answer["Access-Control-\(absent)"] == nil)
        }
        #expect(answer["Content-Length"] == nil)
        #expect(route.upstream.requests.isEmpty)
    }

    @Test(
        arguments: [
            (Self.page, "PUT", "content-type", true),
            (Self.page, "PUT", nil, true),
            // Needs no permission.
            (Self.page, "GET", nil, true), (Self.page, "HEAD", nil, true), (Self.page, "POST", nil, true),
            // Methods have a case.
            (Self.page, "DELETE", nil, false), (Self.page, "put", nil, false), (Self.page, "Put", nil, false),
            (Self.page, "PATCH", nil, false), (Self.page, "", nil, false), (Self.page, "PUT, GET", nil, false),
            (Self.page, "*", nil, false),
            ("https://other.example", "PUT", nil, false), ("null", "PUT", nil, false), ("", "PUT", nil, false),
            ("https://APP.example", "PUT", nil, false), ("\(Self.page), \(Self.page)", "PUT", nil, false),
            // Names have none. Browsers send them sorted, in lower case and without blanks; others do not.
            (Self.page, "PUT", "Content-Type", true), (Self.page, "PUT", "X-TENANT, content-type", true),
            (Self.page, "PUT", " x-tenant ,\tcontent-type ", true),
            // An empty list, and empty members.
            (Self.page, "PUT", "", true), (Self.page, "PUT", ",", true), (Self.page, "PUT", ",x-tenant,,", true),
            (Self.page, "PUT", "x-other", false), (Self.page, "PUT", "x-tenant,x-other", false),
            (Self.page, "PUT", "x-tenant x-other", false), (Self.page, "PUT", "*", false),
            (Self.page, "PUT", "authorization", false), (Self.page, "PUT", "x-tenant;q=1", false),
            // Sent if the value is one that a form could not send. Then it needs permission, too.
            (Self.page, "PUT", "accept", false), (Self.page, "PUT", "range", false),
        ] as [(String, String, String?, Bool)]
    )
    func `a preflight is decided by origin, method and fields`(
        origin: String,
        method: String,
        headers: String?,
        isAllowed: Bool
    ) async throws {
        let route = try await Self.route(
            "origins = [\"\(Self.page)\"]\nmethods = [\"PUT\"]\nheaders = [\"Content-Type\", \"X-Tenant\"]"
        )
        let answer = try await Self.preflight(route, origin: origin, method: method, headers: headers)
        #expect(answer.status == (isAllowed ? 204 : 403))
        #expect(answer["Vary"] == Self.allVary)
        if !isAllowed { #expect(!answer.headers.contains { $0.name.canonicalName.hasPrefix("access-control-") }) }
        #expect(route.upstream.requests.isEmpty)
    }

    @Test(
        arguments: [
            ("[\"*\"]", "x-a,content-type", "x-a, content-type"), ("[\"*\"]", "authorization", nil),
            ("[\"*\"]", "X-A, AUTHORIZATION", nil),
            ("[\"*\", \"authorization\"]", "Authorization, x", "Authorization, x"),
            ("[\"*\"]", "x a", nil), ("[\"*\"]", "<b>", nil), ("[\"*\"]", "*", nil),
        ] as [(String, String, String?)]
    )
    func `a wildcard allows all fields but Authorization`(
        headers: String,
        asked: String,
        allowed: String?
    ) async throws {
        for credentials in [false, true] {
            let route = try await Self.route(
                "origins = [\"\(Self.page)\"]\nheaders = \(headers)\ncredentials = \(credentials)"
            )
            let answer = try await Self.preflight(route, method: "POST", headers: asked)
            #expect(answer.status == (allowed == nil ? 403 : 204))
            // Never "*", which browsers read as a name if there are credentials.
            #expect(answer["Access-Control-Allow-Headers"] == allowed)
        }
    }

    @Test func `with a wildcard nothing depends on the origin`() async throws {
        let route = try await Self.route("origins = [\"*\"]")
        let preflight = try await Self.preflight(route, origin: "null", method: "POST")
        #expect(preflight.status == 204)
        #expect(preflight["Access-Control-Allow-Origin"] == "*")
        for fields in [[], [("Origin", Self.page)], [("Origin", "null")]] {
            let answer = try await route.send(.get, "/", headers: HTTPFields(fields))
            #expect(answer["Access-Control-Allow-Origin"] == "*")
            #expect(answer["Access-Control-Expose-Headers"]?.contains("ETag") == true)
            #expect(answer["Vary"] == nil)
        }
    }

    @Test func `a page of a public site may use a private network if allowed`() async throws {
        let asked = [("Access-Control-Request-Private-Network", "true")]
        for isAllowed in [false, true] {
            let route = try await Self.route("origins = [\"\(Self.page)\"]\nprivate_network = \(isAllowed)")
            let answer = try await Self.preflight(route, method: "GET", more: asked)
            #expect(answer.status == 204)
            #expect(answer["Access-Control-Allow-Private-Network"] == (isAllowed ? "true" : nil))
            let other = try await Self.preflight(route, method: "GET")
            #expect(other["Access-Control-Allow-Private-Network"] == nil)
        }
    }

    @Test func `other OPTIONS requests reach the upstream`() async throws {
        let route = try await Self.route("origins = [\"\(Self.page)\"]")
        for fields in [
            [], [("Origin", Self.page)], [("Access-Control-Request-Method", "PUT")],
            [("Origin", "https://other.example")],
        ] {
            #expect(try await route.send(.options, "/", headers: HTTPFields(fields)).status == 200)
        }
        #expect(route.upstream.requests.count == 4)
        let answer = try await route.send(.options, "/", headers: HTTPFields([("Origin", Self.page)]))
        #expect(answer["Access-Control-Allow-Origin"] == Self.page)
    }

    @Test func `a preflight is answered before addresses, limits and the upstream`() async throws {
        let route = try await Self.route(
            "origins = [\"\(Self.page)\"]",
            more: "[routes.ip]\ndeny = [\"0.0.0.0/0\"]\n[routes.rate_limit]\nlimit = \"1/day\""
        )
        for _ in 0..<3 { #expect(try await Self.preflight(route, method: "POST").status == 204) }
        let answer = try await route.send(.get, "/", headers: HTTPFields([("Origin", Self.page)]))
        #expect(answer.status == 403)
        #expect(answer["Access-Control-Allow-Origin"] == Self.page)
    }

    // MARK: Routes

    private static let routes = """
        [upstreams.app]
        builtin = "in_process"
        [middleware]
        security_headers = false
        [[routes]]
        path = "/a"
        methods = ["GET"]
        upstream = "app"
        cors = { origins = ["https://get.example"], methods = ["DELETE"] }
        [[routes]]
        path = "/a"
        methods = ["PUT"]
        upstream = "app"
        cors = { origins = ["https://put.example"], methods = ["PUT"] }
        [[routes]]
        path = "/a"
        methods = ["PATCH"]
        upstream = "app"
        [[routes]]
        path = "/b"
        methods = ["GET"]
        upstream = "app"
        cors = { origins = ["https://get.example"], headers = ["X-Version"] }
        [[routes]]
        path = "/b"
        methods = ["OPTIONS"]
        respond = { status = 299 }
        [[routes]]
        path = "/c"
        match_headers = { X-Version = "2" }
        upstream = "app"
        cors = { origins = ["https://two.example"], headers = ["X-Version"] }
        [[routes]]
        path = "/c"
        upstream = "app"
        cors = { origins = ["https://one.example"] }
        """

    @Test(
        arguments: [
            ("/a", "https://get.example", "GET", nil, 204), ("/a", "https://put.example", "GET", nil, 403),
            ("/a", "https://put.example", "PUT", nil, 204), ("/a", "https://get.example", "PUT", nil, 403),
            // HEAD is for the route that names GET.
            ("/a", "https://get.example", "HEAD", nil, 204),
            // The route has no CORS, and none is for OPTIONS.
            ("/a", "https://get.example", "PATCH", nil, 405),
            // No route accepts it, although it is in the settings of one.
            ("/a", "https://get.example", "DELETE", nil, 403),
            // A route for OPTIONS is for other requests.
            ("/b", "https://get.example", "GET", nil, 204), ("/b", "https://get.example", "PUT", nil, 403),
            // A preflight only names the fields that decide on the route.
            ("/c", "https://two.example", "GET", "x-version", 204),
            ("/c", "https://one.example", "GET", "x-version", 403), ("/c", "https://one.example", "GET", nil, 204),
            ("/none", "https://get.example", "GET", nil, 404),
        ] as [(String, String, String, String?, Int)]
    )
    func `a preflight takes the route of the request that follows`(
        path: String,
        origin: String,
        method: String,
        headers: String?,
        status: Int
    ) async throws {
        let route = try await TestRoute(GatewayConfiguration(toml: Self.routes, environment: [:]))
        let answer = try await Self.preflight(route, path, origin: origin, method: method, headers: headers)
        #expect(answer.status == status)
        #expect(route.upstream.requests.isEmpty)
        let explained = try RequestExplanation(
            ExplainedRequest(
                method: "OPTIONS",
                url: path,
                fields: [("Origin", origin), ("Access-Control-Request-Method", method)]
                    + (headers.map { [("Access-Control-Request-Headers", $0)] } ?? [])
            ),
            configuration: GatewayConfiguration(toml: Self.routes, environment: [:])
        )
        #expect(explained.status ?? explained.outcome?.refusal?.status ?? 204 == status)
        #expect(explained.outcome?.isPreflight ?? false == (status == 204))
    }

    @Test func `without a route, the settings for all routes apply`() async throws {
        let toml = """
            [middleware.cors]
            origins = ["\(Self.page)"]
            methods = ["PUT"]
            [[routes]]
            path = "/a"
            methods = ["GET"]
            respond = {}
            [[routes]]
            path = "/b"
            respond = {}
            cors = false
            """
        let route = try await TestRoute(GatewayConfiguration(toml: toml, environment: [:]))
        for (path, method, status) in [
            ("/a", "GET", 204), ("/a", "PUT", 204), ("/a", "DELETE", 403), ("/none", "PUT", 204), ("/b", "GET", 200),
        ] {
            #expect(try await Self.preflight(route, path, method: method).status == status, "\(path) \(method)")
        }
        for (path, method, status) in [("/a", HTTPRequest.Method.put, 405), ("/none", .get, 404), ("/%", .get, 400)] {
            let answer = try await route.send(method, path, headers: HTTPFields([("Origin", Self.page)]))
            #expect(answer.status == status)
            #expect(answer["Access-Control-Allow-Origin"] == Self.page)
            #expect(answer["Vary"]?.contains("Origin") == true)
        }
    }

    // MARK: Responses

    @Test(
        arguments: [
            (Self.page, true), ("https://a.sub.example", true), ("http://localhost:3000", true), ("null", true),
            ("https://sub.example", false), ("https://other.example", false), ("", false), (nil, false),
            ("https://app.example/", false),
        ] as [(String?, Bool)]
    )
    func `responses go to pages of allowed origins`(origin: String?, isAllowed: Bool) async throws {
        let origins = "\"\(Self.page)\", \"https://*.sub.example\", \"http://localhost:*\", \"null\""
        let route = try await Self.route("origins = [\(origins)]\ncredentials = true\nexpose = [\"X-Total\"]")
        let answer = try await route.send(.get, "/", headers: HTTPFields(origin.map { [("Origin", $0)] } ?? []))
        #expect(answer.status == 200)
        #expect(answer["Access-Control-Allow-Origin"] == (isAllowed ? origin : nil))
        #expect(answer["Access-Control-Allow-Credentials"] == (isAllowed ? "true" : nil))
        #expect(answer["Access-Control-Expose-Headers"] == (isAllowed ? "X-Total" : nil))
        #expect(answer["Vary"] == "Origin")
        for absent in ["Methods", "Headers", "Private-Network"] {
            #expect(answer["Access-Control-Allow-\(absent)"] == nil)
        }
        #expect(answer["Access-Control-Max-Age"] == nil)
    }

    @Test func `what the upstream says about CORS is dropped, and its Vary stays`() async throws {
        let upstream = FakeUpstream(
            .init(
                headers: HTTPFields([
                    ("Access-Control-Allow-Origin", "*"), ("access-control-allow-origin", "https://evil.example"),
                    ("Access-Control-Allow-Credentials", "true"), ("Access-Control-Expose-Headers", "X-Secret"),
                    ("Access-Control-New-Field", "x"), ("X-Total", "7"), ("Vary", "Accept-Language"),
                ])
            )
        )
        let route = try await Self.route("origins = [\"\(Self.page)\"]\nexpose = []", upstream: upstream)
        for origin in [Self.page, "https://other.example"] {
            let answer = try await route.send(.get, "/", headers: HTTPFields([("Origin", origin)]))
            let fields = answer.headers.filter { $0.name.canonicalName.hasPrefix("access-control-") }
            #expect(fields.map(\.value) == (origin == Self.page ? [Self.page] : []))
            #expect(answer["X-Total"] == "7")
            #expect(answer["Vary"] == "Accept-Language, Origin")
        }
    }

    @Test func `the origin counts that the client sent`() async throws {
        let route = try await Self.route(
            "origins = [\"https://*.example\"]",
            more:
                "[routes.headers.request]\nremove = [\"Origin\"]\nset = { X-A = \"\(String(repeating: "x", count: 5_000))\" }"
        )
        let answer = try await route.send(.get, "/", headers: HTTPFields([("Origin", Self.page)]))
        #expect(answer["Access-Control-Allow-Origin"] == Self.page)
        #expect(route.upstream.requests.first?.head.headerFields[.origin] == nil)
        // Nothing of it is left for the next request.
        #expect(try await route.send(.get, "/")["Access-Control-Allow-Origin"] == nil)
    }

    @Test func `pages can read errors and the fields of limits`() async throws {
        let upstream = FakeUpstream(.failure)
        let route = try await Self.route(
            "origins = [\"\(Self.page)\"]",
            more: "[routes.rate_limit]\nlimit = \"1/day\"\nheaders = \"ietf\"",
            upstream: upstream
        )
        for status in [502, 429] {
            let answer = try await route.send(.get, "/", headers: HTTPFields([("Origin", Self.page)]))
            #expect(answer.status == status)
            #expect(answer["Access-Control-Allow-Origin"] == Self.page)
            #expect(
                answer["Access-Control-Expose-Headers"]
                    == "RateLimit, RateLimit-Policy, Retry-After, X-Request-ID, ETag"
            )
            #expect(answer["Vary"] == "Origin")
        }
    }

    @Test func `a stored response has the fields of whoever asks`() async throws {
        let upstream = FakeUpstream(
            .init(
                headers: HTTPFields([
                    ("Cache-Control", "max-age=60"), ("Access-Control-Allow-Origin", "https://first.example"),
                    ("ETag", "\"a\""),
                ]),
                text: "x"
            )
        )
        let route = try await Self.route(
            "origins = [\"https://*.example\"]",
            more: "[routes.cache]\ndefault_ttl = \"1m\"",
            upstream: upstream
        )
        for (origin, condition) in [
            ("https://a.example", ""), ("https://b.example", ""), ("https://c.example", "\"a\""), ("https://evil", ""),
        ] {
            var fields = [("Origin", origin)]
            if !condition.isEmpty { fields.append(("If-None-Match", condition)) }
            let answer = try await route.send(.get, "/", headers: HTTPFields(fields))
            #expect(answer.status == (condition.isEmpty ? 200 : 304))
            #expect(answer["Access-Control-Allow-Origin"] == (origin == "https://evil" ? nil : origin))
            #expect(answer["Vary"] == "Origin")
        }
        #expect(route.upstream.requests.count == 1)
    }
}

extension HTTPFields {
    fileprivate init(_ fields: [(String, String)]) {
        self.init(fields.map { HTTPField(name: HTTPField.Name($0.0)!, value: $0.1) })
    }
}

extension TestAnswer {
    fileprivate subscript(name: String) -> String? {
        HTTPField.Name(name).flatMap { self.headers[$0] }
    }
}
