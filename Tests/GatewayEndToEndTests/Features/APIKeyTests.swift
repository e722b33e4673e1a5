import FoundationEssentials
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayAccess
@testable import GatewayCore
@testable import GatewayMiddlewares
@testable import GatewaySettings

extension EndToEnd {
    /// API keys in fields and queries, keys of files, and consumers.
    @Suite struct APIKeyTests {
        private static func digest(of key: String) -> String {
            Array(key.utf8).withUnsafeBytes { KeyDigest(of: $0) }.hexadecimal
        }

        /// A table of `[[auth.api_key.keys]]`.
        private static func table(_ name: String, _ key: String, _ more: String = "") -> String {
            """
            [[auth.api_key.keys]]
            name = "\(name)"
            sha256 = "\(self.digest(of: key))"
            \(more)

            """
        }

        private static let keys =
            table("acme", "right key", "plan = \"gold\"\nscope = [\"read\"]") + table("acme", "second")
            + table("off", "off", "enabled = false") + table("old", "old", "expires = 2020-01-01")
            + table("new", "new", "expires = 2999-01-01")

        private static func settings(_ more: String = "", any: String = "\"api_key\"", optional: Bool = false) -> String
        {
            """
            [middleware.auth]
            any = [\(any)]
            optional = \(optional)
            failures = "off"
            [middleware.headers.request.set]
            X-User = "{consumer}"
            [auth.api_key]
            \(more)
            \(Self.keys)
            """
        }

        @Test func `a right key passes, and all others get the same response`() async throws {
            try await withProxy(serving { _ in ok() }, more: Self.settings()) { gateway, upstream in
                for key in ["right key", "second", "new"] {
                    #expect(try await gateway.get("/", "X-API-Key: \(key)").status == 200, "\(key)")
                }
                var bodies: Set<String> = []
                for key in ["wrong", "off", "old", "right kez", "right key2", "RIGHT KEY", ""] {
                    let response = try await gateway.get("/", "X-API-Key: \(key)")
                    #expect(response.status == 401, "\(key)")
                    #expect(response.all("WWW-Authenticate") == ["ApiKey realm=\"all\""])
                    // All but the request's ID.
                    bodies.insert(response.text.split(separator: ",\"request_id\"").first.map(String.init) ?? "")
                }
                #expect(bodies.count == 1)
                #expect(upstream.requests.count == 3)
                #expect(upstream.requests.allSatisfy { $0.all("X-API-Key").isEmpty })
                #expect(upstream.requests.first?.all("X-User") == ["acme"])
            }
        }

        @Test func `a key that is given twice is no request to answer`() async throws {
            try await withProxy(serving { _ in ok() }, more: Self.settings("query = \"k\"")) { gateway, upstream in
                let twice = try await gateway.get("/", "X-API-Key: second", "x-api-key: second")
                #expect(twice.status == 400)
                #expect(try await gateway.get("/?k=second", "X-API-Key: second").status == 400)
                #expect(try await gateway.get("/?k=second&%6B=second").status == 400)
                #expect(upstream.requests.isEmpty)
            }
        }

        @Test func `the parameter goes no further, and all else of the query does`() async throws {
            try await withProxy(serving { _ in ok() }, more: Self.settings("query = \"k\"")) { gateway, upstream in
                for query in ["a=%20b&k=second&c", "k=right%20key", "k=right+key&a"] {
                    let response = try await gateway.get("/p?\(query)")
                    #expect(response.status == 200, "\(query)")
                }
                #expect(upstream.requests.map(\.target) == ["/p?a=%20b&c", "/p", "/p?a"])
            }
        }

        @Test func `forward lets the upstream have the key`() async throws {
            let settings = Self.settings("query = \"k\"\nforward = true")
            try await withProxy(serving { _ in ok() }, more: settings) { gateway, upstream in
                let response = try await gateway.get("/", "X-API-Key: second")
                #expect(response.status == 200)
                #expect(try await gateway.get("/?k=second").status == 200)
                #expect(upstream.requests.first?.all("X-API-Key") == ["second"])
                #expect(upstream.requests.last?.target == "/?k=second")
            }
        }

        @Test func `a key may be a bearer token`() async throws {
            let settings = Self.settings("header = \"Authorization\"", optional: true)
            try await withProxy(serving { _ in ok() }, more: settings) { gateway, upstream in
                let wrong = try await gateway.get("/", "Authorization: Bearer wrong")
                #expect(wrong.status == 401)
                #expect(wrong.all("WWW-Authenticate") == ["Bearer realm=\"all\", error=\"invalid_token\""])
                #expect(try await gateway.get("/", "Authorization: bearer  second").status == 200)
                #expect(upstream.requests.first?.all("Authorization") == [])
                // Another scheme is no key.
                #expect(try await gateway.get("/", "Authorization: Basic c2Vjb25k").status == 200)
                #expect(upstream.requests.last?.all("X-User") == [])
            }
        }

        /// Accepts all requests.
        private struct Anyone: Authenticator {
            let challenge = AuthenticationChallenge("Anyone")
            let caller: Caller
            func authenticate(_ exchange: Exchange) -> Authentication { .accepted(self.caller) }
        }

        @Test func `a key goes no further if another kind has accepted the request`() async throws {
            let middlewares = MiddlewareList.standard.authenticating(
                with: AuthenticatorRegistration("anyone") { context in
                    Anyone(caller: Caller(context.consumers.consumer("anyone"), kind: "anyone"))
                }
            )
            let settings = Self.settings("query = \"k\"", any: "\"anyone\", \"api_key\"")
            try await withProxy(serving { _ in ok() }, more: settings, middlewares: middlewares) { gateway, upstream in
                let response = try await gateway.get("/?k=second&a", "X-API-Key: second")
                #expect(response.status == 200)
                #expect(upstream.requests.first?.all("X-API-Key") == [])
                #expect(upstream.requests.first?.target == "/?a")
            }
        }

        @Test func `keys of a file work, and a changed file is read again`() async throws {
            try await withFolder { folder in
                let path = "\(folder)/keys.toml"
                func write(_ key: String) throws {
                    let text = Self.table("filed", key).replacing("auth.api_key.keys", with: "keys")
                    try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
                }
                try write("first")
                let settings = Self.settings("file = \"\(path)\"")
                try await withProxy(serving { _ in ok() }, more: settings) { gateway, _ in
                    #expect(try await gateway.get("/", "X-API-Key: first").status == 200)
                    #expect(try await gateway.get("/", "X-API-Key: second").status == 200)
                    try write("another")
                    // Looks at the file as the gateway does each second, but in less time.
                    let shared = gateway.server.runtime?.shared
                    var now = NIODeadline.now()
                    for _ in 0..<2 {
                        now = now + .seconds(1)
                        shared?.lookAtFiles(at: now)
                    }
                    #expect(try await gateway.get("/", "X-API-Key: another").status == 200)
                    #expect(try await gateway.get("/", "X-API-Key: first").status == 401)
                }
            }
        }

        @Test func `an operator turns a consumer off and on`() async throws {
            let admin = AdminListen.address(.host("127.0.0.1", port: 0))
            try await withProxy(serving { _ in ok() }, more: Self.settings(), admin: admin) { gateway, _ in
                let first = try await gateway.get("/", "X-API-Key: second")
                #expect(first.status == 200)
                let list = try await gateway.admin("GET /consumers").text
                for name in ["acme", "off", "old", "new"] { #expect(list.contains("\"\(name)\"")) }
                #expect(!list.contains(Self.digest(of: "second")))
                let off = try await gateway.admin("POST /consumers/%61cme/disable")
                #expect(off.status == 200)
                #expect(off.text.contains("false"))
                for key in ["second", "right key"] {
                    #expect(try await gateway.get("/", "X-API-Key: \(key)").status == 401)
                }
                #expect(try await gateway.get("/", "X-API-Key: new").status == 200)
                #expect(try await gateway.admin("POST /consumers/acme/enable").status == 200)
                #expect(try await gateway.get("/", "X-API-Key: second").status == 200)
                #expect(try await gateway.admin("POST /consumers/nobody/disable").status == 404)
                try await eventuallyAsync("the requests are counted") {
                    let metrics = (try? await gateway.admin("GET /metrics").text) ?? ""
                    return metrics.contains("gateway_consumer_requests_total{consumer=\"acme\",code_class=\"2xx\"} 2")
                        && metrics.contains("gateway_consumer_requests_total{consumer=\"new\",code_class=\"2xx\"} 1")
                }
            }
        }
    }
}
