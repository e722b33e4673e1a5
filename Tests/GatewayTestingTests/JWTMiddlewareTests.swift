import Gateway
import GatewayCore
import GatewayHTTP
import GatewayMiddlewares
import GatewaySettings
import GatewayTesting
import HTTPTypes
import NIOCore
import Testing

@Suite struct JWTMiddlewareTests {
    /// HS256, for "acme", until 2100.
    private static let token =
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYWNtZSIsImF1ZCI6ImFwaSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAyNDQ0ODAwLCJwbGFuIjoiYWRtaW4iLCJzY29wZSI6InJlYWQgd3JpdGUifQ.KHHVPM15pa3nNQENQ3b3eAN7rjCTX8zjR8KEFS0tHgs"

    private static func route(_ change: (inout JWTConfiguration) -> Void = { _ in }) async throws -> TestRoute {
        var jwt = JWTConfiguration()
        jwt.secret = "sixty-four bytes of a secret that only the tests know, no more..."
        jwt.audience = ["api"]
        change(&jwt)
        var app = UpstreamConfiguration()
        app.builtin = .inProcess
        var route = RouteConfiguration()
        route.name = "test"
        route.path = "/*"
        route.upstream = "app"
        route.middleware["auth"] = ["any": ["jwt"], "failures": "off"]
        var configuration = GatewayConfiguration()
        configuration.auth.jwt = jwt
        configuration.upstreams = ["app": app]
        configuration.routes = [route]
        return try await TestRoute(configuration)
    }

    private static func send(_ route: TestRoute, _ fields: [(String, String)]) async throws -> TestAnswer {
        var headers = HTTPFields()
        for (name, value) in fields {
            headers.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value))
        }
        return try await route.send(.get, "/", headers: headers)
    }

    /// Fields of requests, with the status and the challenge's end.
    @Test(
        arguments: [
            ([("Authorization", "Bearer \(token)")], 200, ""), ([("Authorization", "bEARER   \(token)")], 200, ""),
            ([], 401, #"realm="test""#), ([("Authorization", "Basic YTpi")], 401, #"realm="test""#),
            ([("Authorization", "BearerX \(token)")], 401, #"realm="test""#),
            ([("Authorization", token)], 401, #"realm="test""#),
            ([("Authorization", "Bearer")], 401, #"error="invalid_token""#),
            ([("Authorization", "Bearer \(token)x")], 401, #"error="invalid_token""#),
            ([("Authorization", "Bearer \(token), Bearer \(token)")], 401, #"error="invalid_token""#),
            ([("Authorization", "Bearer \(token)"), ("Authorization", "Basic YTpi")], 400, ""),
            ([("Cookie", "session=\(token)")], 401, #"realm="test""#),
        ] as [([(String, String)], Int, String)]
    )
    func `bearer tokens come in Authorization`(
        _ fields: [(String, String)],
        _ status: Int,
        _ challenge: String
    ) async throws {
        let answer = try await Self.send(try await Self.route(), fields)
        #expect(answer.status == status)
        #expect((answer.headers[values: .wwwAuthenticate].last ?? "").hasSuffix(challenge))
    }

    @Test func `another field has the token alone, and a cookie is looked at after it`() async throws {
        let route = try await Self.route {
            $0.header = "X-Token"
            $0.cookie = "session"
        }
        for (fields, status) in [
            ([("X-Token", Self.token)], 200), ([("X-Token", "Bearer \(Self.token)")], 401),
            ([("X-Token", Self.token), ("X-Token", Self.token)], 400),
            ([("Cookie", "a=1; session=\(Self.token)")], 200),
            ([("Cookie", "session=\"\(Self.token)\"")], 200), ([("Cookie", "Session=\(Self.token)")], 401),
            ([("Cookie", "xsession=\(Self.token); session")], 401),
            ([("Cookie", "session=\(Self.token); session=\(Self.token)")], 400),
            ([("X-Token", "x"), ("Cookie", "session=\(Self.token)")], 401),
        ] {
            #expect(try await Self.send(route, fields).status == status, "\(fields)")
        }
    }

    @Test func `the upstream gets the token, unless it is not to`() async throws {
        let open = try await Self.route()
        _ = try await Self.send(open, [("Authorization", "Bearer \(Self.token)")])
        #expect(open.upstream.requests[0].head.headerFields[.authorization] != nil)
        let closed = try await Self.route {
            $0.cookie = "session"
            $0.forward = false
        }
        _ = try await Self.send(closed, [("Authorization", "Bearer \(Self.token)"), ("Cookie", "a=1; session=x; b=2")])
        _ = try await Self.send(closed, [("Authorization", "Basic YTpi"), ("Cookie", "session=\(Self.token)")])
        let fields = closed.upstream.requests.map(\.head.headerFields)
        #expect(fields[0][.authorization] == nil)
        #expect(fields[0][.cookie] == "a=1; b=2")
        #expect(fields[1][.authorization] == "Basic YTpi")
        #expect(fields[1][.cookie] == nil)
    }
}
