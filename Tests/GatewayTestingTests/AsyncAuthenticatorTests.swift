import Gateway
import GatewayCore
import GatewayMiddlewares
import GatewaySettings
import GatewayTesting
import HTTPTypes
import Testing

/// A kind of credential that is looked up somewhere.
private struct Sessions: AsyncAuthenticator {
    struct Away: Error {}

    let challenge = AuthenticationChallenge("Session", parameters: "hint=\"log in\"")

    func authenticate(_ request: HTTPRequest) async throws -> Identity? {
        await Task.yield()
        switch request.headerFields[.cookie] {
        case nil: return nil
        case "s=wrong": throw Authentication.Refusal("unknown session")
        case "s=away": throw Away()
        case "s=admin": return Identity("root", plan: "gold", scope: ["admin"])
        case let cookie?: return Identity(String(cookie.dropFirst(2)))
        }
    }
}

@Suite struct AsyncAuthenticatorTests {
    private static func send(_ cookie: String?, require: SettingValue = [:]) async throws -> TestAnswer {
        var app = UpstreamConfiguration()
        app.builtin = .inProcess
        var route = RouteConfiguration()
        route.name = "test"
        route.path = "/*"
        route.upstream = "app"
        route.middleware["auth"] = ["any": ["session"], "require": require]
        var configuration = GatewayConfiguration()
        configuration.upstreams = ["app": app]
        configuration.routes = [route]
        let middlewares = MiddlewareList.standard
            .authenticating(with: AuthenticatorRegistration("session", Sessions()))
        let headers: HTTPFields = cookie.map { [.cookie: $0] } ?? [:]
        return try await TestRoute(configuration, middlewares: middlewares).send(.get, "/", headers: headers)
    }

    @Test(arguments: [(String?.none, 401), ("s=wrong", 401), ("s=away", 503), ("s=ann", 200), ("s=admin", 200)])
    func `the result decides`(_ cookie: String?, _ status: Int) async throws {
        let answer = try await Self.send(cookie)
        #expect(answer.status == status)
        #expect(answer.headers[.wwwAuthenticate] == (status == 401 ? "Session realm=\"test\", hint=\"log in\"" : nil))
        #expect(!answer.text.contains("unknown session"))
    }

    @Test
    func `an identity has a plan and a scope`() async throws {
        let admin = try await Self.send("s=admin", require: ["scope": "admin", "plan": "gold", "consumer": "root"])
        #expect(admin.status == 200)
        let user = try await Self.send("s=ann", require: ["scope": "admin"])
        #expect(user.status == 403)
    }
}
