import Gateway
import GatewayCore
import GatewayHTTP
import GatewayMiddlewares
import GatewaySettings
import GatewayTesting
import HTTPTypes
import NIOConcurrencyHelpers
import NIOCore
import Testing

/// A kind of credential that says what a field of the request says.
private struct Spoken: Authenticator {
    let name: String
    let consumers: Consumers
    var challenge: AuthenticationChallenge {
        AuthenticationChallenge(self.name == "token" ? "Bearer" : "Other", reportsErrors: self.name == "token")
    }

    func authenticate(_ exchange: Exchange) -> Authentication {
        let field = HeaderName("X-\(self.name)")
        guard let word = exchange.request.headers.values(of: field).first else { return .missing }
        switch word {
        case "wrong": return .refused(Authentication.Refusal("unknown"))
        case "expired": return .refused(Authentication.Refusal("expired", isExpired: true))
        case "twice": return .malformed(reason: "it is there twice")
        case "away": return .unavailable(retryAfter: 7, reason: "no answer")
        case "elsewhere": return .answered(Response(status: 302))
        case "later-wrong": return self.later(.refused(Authentication.Refusal("unknown")))
        case _ where word.hasPrefix("later-"): return self.later(.accepted(self.caller(String(word.dropFirst(6)))))
        default: return .accepted(self.caller(word))
        }
    }

    func removeCredential(_ exchange: Exchange) { exchange.request.headers.remove(HeaderName("X-\(self.name)")) }

    private func later(_ result: Authentication) -> Authentication {
        let pending = PendingAuthentication()
        pending.complete(result)
        return .pending(pending)
    }

    private func caller(_ word: String) -> Caller {
        let parts = word.split(separator: "/").map(String.init)
        return Caller(
            self.consumers.consumer(parts[0]),
            kind: self.name,
            plan: parts.count > 1 ? parts[1] : nil,
            scope: parts.dropFirst(2).map { $0 },
            claims: ["role": ["editor", "author"], "realm": ["level": 3], "bad": "a\r\nb", "a.b": "dotted"]
        )
    }
}

@Suite struct AuthMiddlewareTests {
    private static let requirements: [(SettingValue, Int)] = [
        (["consumer": "ann"], 200), (["consumer": ["bob", "ann"]], 200), (["consumer": "bob"], 403),
        (["plan": "authenticated"], 200), (["plan": "gold"], 403), (["jwt.role": "reader"], 403),
        (["jwt.a.b": "dotted"], 200), (["jwt.none": "x"], 403), (["jwt.realm": "3"], 403),
    ]
    private static let mistakes: [(SettingValue, String)] = [
        (["any": []], "names no kind of credential"), (["any": ["tokn"]], "is no kind of credential"),
        (["any": ["token"], "require": ["role": "x"]], "is nothing that a credential has"),
    ]

    private static func route(
        _ auth: SettingValue,
        headers: SettingValue? = nil,
        consumers: NIOLockedValueBox<Consumers?> = NIOLockedValueBox(nil)
    ) async throws -> TestRoute {
        var app = UpstreamConfiguration()
        app.builtin = .inProcess
        var route = RouteConfiguration()
        route.name = "test"
        route.path = "/*"
        route.upstream = "app"
        route.middleware["auth"] = auth
        route.middleware["headers"] = headers
        var configuration = GatewayConfiguration()
        configuration.upstreams = ["app": app]
        configuration.routes = [route]
        var list = MiddlewareList.standard
        for name in ["token", "other"] {
            list = list.authenticating(
                with: AuthenticatorRegistration(name) { context in
                    consumers.withLockedValue { $0 = context.consumers }
                    return Spoken(name: name, consumers: context.consumers)
                }
            )
        }
        return try await TestRoute(configuration, middlewares: list)
    }

    private static func send(_ route: TestRoute, _ fields: (String, String)..., from address: String = "192.0.2.1")
        async throws -> TestAnswer
    {
        var headers = HTTPFields()
        for (name, value) in fields {
            headers.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value))
        }
        return try await route.send(.get, "/", headers: headers, from: address)
    }

    @Test func `a request without a credential gets 401 with a challenge of each kind`() async throws {
        let route = try await Self.route(["any": ["token", "other"]])
        let answer = try await Self.send(route)
        #expect(answer.status == 401)
        #expect(answer.headers[values: .wwwAuthenticate] == [#"Bearer realm="test""#, #"Other realm="test""#])
        #expect(route.upstream.requests.isEmpty)
    }

    @Test func `a wrong bearer token is called invalid, and nothing more is said`() async throws {
        let route = try await Self.route(["any": ["token", "other"]])
        for word in ["wrong", "expired", "later-wrong"] {
            let answer = try await Self.send(route, ("X-token", word))
            #expect(answer.status == 401)
            #expect(
                answer.headers[values: .wwwAuthenticate]
                    == [#"Bearer realm="test", error="invalid_token""#, #"Other realm="test""#]
            )
            #expect(!answer.text.contains("expired") && !answer.text.contains("unknown"))
        }
        #expect(route.upstream.requests.isEmpty)
    }

    @Test func `the first kind to accept counts, and its credential goes no further`() async throws {
        let route = try await Self.route(["any": ["token", "other"]])
        #expect(try await Self.send(route, ("X-token", "wrong"), ("X-other", "ann")).status == 200)
        #expect(try await Self.send(route, ("X-token", "later-ann"), ("X-other", "wrong")).status == 200)
        let fields = route.upstream.requests.map(\.head.headerFields)
        #expect(fields[0][HTTPField.Name("X-other")!] == nil)
        #expect(fields[1][HTTPField.Name("X-token")!] == nil)
    }

    @Test func `anonymous requests pass where authentication is optional, wrong credentials never do`() async throws {
        let route = try await Self.route(["any": ["token"], "optional": true])
        #expect(try await Self.send(route).status == 200)
        #expect(try await Self.send(route, ("X-token", "wrong")).status == 401)
        #expect(try await Self.send(route, ("X-token", "ann")).status == 200)
    }

    @Test func `a credential that does not suffice gets 403`() async throws {
        let route = try await Self.route([
            "any": ["token", "other"],
            "require": ["scope": "read write", "jwt.role": ["admin", "editor"], "jwt.realm.level": 3],
        ])
        #expect(try await Self.send(route, ("X-token", "ann/gold/read/write")).status == 200)
        let answer = try await Self.send(route, ("X-token", "ann/gold/read"))
        #expect(answer.status == 403)
        #expect(
            answer.headers[values: .wwwAuthenticate]
                == [#"Bearer realm="test", error="insufficient_scope", scope="read write""#]
        )
        let other = try await Self.send(route, ("X-other", "ann/gold/read"))
        #expect(other.status == 403 && other.headers[values: .wwwAuthenticate].isEmpty)
    }

    @Test(arguments: 0..<9)
    func `each requirement decides`(index: Int) async throws {
        let (requirement, status) = Self.requirements[index]
        let route = try await Self.route(["any": ["token"], "require": requirement])
        #expect(try await Self.send(route, ("X-token", "ann")).status == status)
    }

    @Test func `what cannot be read is 400, what cannot be checked is 503`() async throws {
        let route = try await Self.route(["any": ["token", "other"], "optional": true])
        #expect(try await Self.send(route, ("X-token", "twice")).status == 400)
        let away = try await Self.send(route, ("X-token", "away"))
        #expect(away.status == 503 && away.headers[.retryAfter] == "7")
        #expect(away.text.contains("auth_unavailable"))
        #expect(try await Self.send(route, ("X-token", "away"), ("X-other", "ann")).status == 200)
        #expect(try await Self.send(route, ("X-token", "elsewhere")).status == 302)
        #expect(try await Self.send(route, ("X-token", "elsewhere"), ("X-other", "ann")).status == 200)
    }

    @Test func `an address that sends too many wrong credentials waits, whatever it sends then`() async throws {
        let route = try await Self.route(["any": ["token"], "failures": "3/minute"])
        for _ in 0..<3 { #expect(try await Self.send(route, ("X-token", "wrong")).status == 401) }
        let answer = try await Self.send(route, ("X-token", "ann"))
        #expect(answer.status == 429)
        #expect(Int(answer.headers[.retryAfter] ?? "") ?? 0 > 0)
        #expect(try await Self.send(route, ("X-token", "ann"), from: "192.0.2.2").status == 200)
        // Clients of IPv6 have whole networks.
        for last in 1...3 { _ = try await Self.send(route, ("X-token", "wrong"), from: "2001:db8::\(last)") }
        #expect(try await Self.send(route, ("X-token", "ann"), from: "2001:db8::9").status == 429)
        #expect(try await Self.send(route, ("X-token", "ann"), from: "2001:db8:0:1::9").status == 200)
        await route.clock.advance(by: .minutes(3))
        #expect(try await Self.send(route, ("X-token", "ann")).status == 200)
    }

    @Test func `a guess counts, whatever else the request has`() async throws {
        for (field, value, status) in [("other", "ann", 200), ("other", "twice", 400), ("other", "away", 503)] {
            let route = try await Self.route(["any": ["token", "other"], "failures": "3/minute"])
            for _ in 0..<3 {
                let answer = try await Self.send(route, ("X-token", "wrong"), ("X-\(field)", value))
                #expect(answer.status == status)
            }
            #expect(try await Self.send(route, ("X-token", "ann")).status == 429, "\(value)")
        }
    }

    @Test func `shadow mode finds out who calls, even from an address that would have to wait`() async throws {
        let settings: SettingValue = ["any": ["token"], "mode": "shadow", "failures": "1/minute"]
        let route = try await Self.route(settings, headers: ["request": ["set": ["X-User": "{consumer}"]]])
        for word in ["wrong", "wrong", "ann"] { #expect(try await Self.send(route, ("X-token", word)).status == 200) }
        let fields = try #require(route.upstream.requests.last?.head.headerFields)
        #expect(try fields[#require(HTTPField.Name("X-User"))] == "ann")
        #expect(try fields[#require(HTTPField.Name("X-token"))] == nil)
        #expect(await route.metrics().contains(#"kind="token",result="shadow_throttled"} 2"#))
    }

    @Test func `shadow mode counts what it would have refused`() async throws {
        let route = try await Self.route(["any": ["token"], "mode": "shadow", "failures": "off"])
        for word in ["wrong", "expired"] { #expect(try await Self.send(route, ("X-token", word)).status == 200) }
        #expect(try await Self.send(route).status == 200)
        let metrics = await route.metrics()
        for result in ["shadow_invalid", "shadow_expired", "shadow_missing"] {
            #expect(metrics.contains(#"gateway_auth_total{route="test",kind="token",result="\#(result)"} 1"#))
        }
    }

    @Test func `results are counted by kind`() async throws {
        let route = try await Self.route(["any": ["token", "other"], "require": ["scope": "a"]])
        _ = try await Self.send(route, ("X-other", "ann/p/a"))
        _ = try await Self.send(route, ("X-other", "ann"))
        _ = try await Self.send(route, ("X-token", "expired"))
        let metrics = await route.metrics()
        #expect(metrics.contains(#"gateway_auth_total{route="test",kind="other",result="accepted"} 1"#))
        #expect(metrics.contains(#"gateway_auth_total{route="test",kind="other",result="forbidden"} 1"#))
        #expect(metrics.contains(#"gateway_auth_total{route="test",kind="token",result="expired"} 1"#))
    }

    @Test func `the upstream learns who calls, and nobody can pretend`() async throws {
        let route = try await Self.route(
            ["any": ["token"], "optional": true],
            headers: [
                "request": [
                    "set": [
                        "X-User": "{consumer}", "X-Plan": "plan {plan}", "X-Level": "{jwt.realm.level}",
                        "X-Role": "{jwt.role}", "X-Bad": "{jwt.bad}", "X-None": "{jwt.none}",
                    ]
                ]
            ]
        )
        _ = try await Self.send(route, ("X-token", "ann"), ("X_User", "root"), ("X.User", "root"), ("x-user", "root"))
        _ = try await Self.send(route, ("X_User", "root"), ("X-User", "root"), ("X!none", "root"))
        let requests = route.upstream.requests.map(\.head.headerFields)
        let name = { (text: String) in HTTPField.Name(text)! }
        #expect(requests[0][values: name("X-User")] == ["ann"])
        #expect(requests[0][values: name("X_User")].isEmpty && requests[0][values: name("X.User")].isEmpty)
        #expect(requests[0][name("X-Plan")] == "plan authenticated")
        #expect(requests[0][name("X-Level")] == "3")
        for absent in ["X-Role", "X-Bad", "X-None"] { #expect(requests[0][name(absent)] == nil) }
        for absent in ["X-User", "X_User", "X-Plan", "X!none"] { #expect(requests[1][name(absent)] == nil) }
    }

    @Test func `a consumer that is turned off gets 401`() async throws {
        let consumers = NIOLockedValueBox<Consumers?>(nil)
        let route = try await Self.route(["any": ["token"]], consumers: consumers)
        #expect(try await Self.send(route, ("X-token", "ann")).status == 200)
        consumers.withLockedValue { $0?.known("ann")?.setDisabled(true) }
        #expect(try await Self.send(route, ("X-token", "ann")).status == 401)
        #expect(try await Self.send(route, ("X-token", "bob")).status == 200)
    }

    @Test(arguments: 0..<3)
    func `mistakes are reported`(index: Int) async throws {
        let (settings, message) = Self.mistakes[index]
        let errors = await #expect(throws: ConfigurationErrors.self) { _ = try await Self.route(settings) }
        let messages = errors?.errors.map(\.message) ?? []
        #expect(messages.contains { $0.contains(message) }, "\(messages)")
    }
}
