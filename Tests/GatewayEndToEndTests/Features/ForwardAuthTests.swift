import Gateway
import GatewaySettings
import Testing

extension EndToEnd {
    /// `[auth.forward]`.
    @Suite struct ForwardAuthTests {
        private static func toml(_ service: String, _ api: ScriptedUpstream, _ settings: String, route: String)
            -> String
        {
            """
            [auth.forward]
            url = "\(service)/auth?from=gateway"
            \(settings.contains("timeout") ? "" : "timeout = \"30s\"")
            \(settings)
            [upstreams.api]
            targets = ["\(api.url)"]
            [[routes]]
            name = "all"
            path = "/*"
            upstream = "api"
            upgrade = ["websocket"]
            \(route)
            [routes.auth]
            any = ["forward"]
            """
        }

        /// Runs a gateway in front of an upstream and a service that follows `script`.
        private static func withService<R>(
            _ script: @escaping ScriptedUpstream.Script,
            settings: String = "",
            route: String = "",
            api: @escaping ScriptedUpstream.Script = serving { _ in ok("hello") },
            body: (RunningGateway, ScriptedUpstream, ScriptedUpstream) async throws -> R
        ) async throws -> R {
            try await withUpstream(script) { service in
                try await withUpstream(api) { api in
                    try await withGateway(Self.toml(service.url, api, settings, route: route)) {
                        try await body($0, service, api)
                    }
                }
            }
        }

        private static func accept(_ fields: String...) -> ScriptedUpstream.Script {
            let lines = fields.map { $0 + "\r\n" }.joined()
            return serving { _ in "HTTP/1.1 200 OK\r\n\(lines)Content-Length: 2\r\n\r\nok" }
        }

        @Test func `the service gets a GET with named fields and what the client asked for`() async throws {
            try await Self.withService(Self.accept()) { gateway, service, api in
                let request =
                    "POST /a/../b%20c?d=e&f HTTP/1.1\r\nHost: shop.example:81\r\nAuthorization: Basic eA==\r\n"
                    + "Cookie: a=b\r\nAccept-Encoding: gzip\r\nIf-None-Match: \"x\"\r\nExpect: 100-continue\r\n"
                    + "X-Forwarded-Uri: /forged\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Method: GET\r\n"
                    + "X-Forwarded-Host: forged\r\nRange: bytes=0-1\r\nX-Other: y\r\nContent-Length: 4\r\n\r\nbody"
                let response = try await gateway.exchange(request)
                #expect(response.status == 200)
                #expect(api.requests.map(\.text) == ["body"])
                let asked = try #require(service.requests.first)
                #expect(asked.startLine == "GET /auth?from=gateway HTTP/1.1")
                let fields = asked.fields.map { "\($0.name): \($0.value)" }
                #expect(
                    fields == [
                        "Host: 127.0.0.1:\(service.port)", "X-Forwarded-Method: POST",
                        "X-Forwarded-Uri: /b%20c?d=e&f", "X-Forwarded-Host: shop.example:81",
                        "X-Forwarded-Proto: http", "X-Forwarded-For: 127.0.0.1", "Authorization: Basic eA==",
                        "Cookie: a=b",
                    ]
                )
            }
        }

        @Test func `a 2xx passes, and its fields replace those of the client in all spellings`() async throws {
            let script = Self.accept(
                "X-User: ann",
                "X-Groups: a",
                "X-Groups: b",
                "Set-Cookie: s=1; Path=/",
                "Set-Cookie: t=2",
                "X-Other: no"
            )
            let settings = """
                response_headers = ["X-User", "X-Groups", "X-Absent", "Authorization"]
                client_headers = ["Set-Cookie", "X-User"]
                """
            let api = serving { _ in "HTTP/1.1 200 OK\r\nSet-Cookie: own=3\r\nContent-Length: 0\r\n\r\n" }
            try await Self.withService(script, settings: settings, api: api) { gateway, service, api in
                let forged = [
                    "X-User: eve", "x-user: eve", "X_User: eve", "X.User: eve", "X-Absent: eve", "X_Groups: x",
                ]
                let lines = forged.map { $0 + "\r\n" }.joined()
                let response = try await gateway.exchange(
                    "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer t\r\n\(lines)\r\n"
                )
                #expect(service.requests.first?["authorization"] == "Bearer t")
                let request = try #require(api.requests.first)
                #expect(request.all("x-user") == ["ann"] && request.all("x-groups") == ["a", "b"])
                #expect(!request.fields.contains { $0.value == "eve" || $0.value == "x" })
                #expect(request["authorization"] == nil && request["x-other"] == nil)
                #expect(response.all("set-cookie") == ["own=3", "s=1; Path=/", "t=2"])
                #expect(response["x-user"] == "ann" && response["x-other"] == nil)
                #expect(response["cache-control"] == "private")
            }
        }

        @Test func `trailers cannot name a caller either`() async throws {
            try await Self.withService(Self.accept("X-User: ann"), settings: "response_headers = [\"X-User\"]") {
                gateway,
                _,
                api in
                let response = try await gateway.exchange(
                    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-User, X-Sum\r\n\r\n"
                        + "1\r\na\r\n0\r\nX-User: eve\r\nX-Sum: 1\r\n\r\n"
                )
                #expect(response.status == 200)
                let request = try #require(api.requests.first)
                #expect(request.all("x-user") == ["ann"] && request.text == "a")
                #expect(request.trailers.map(\.name) == ["X-Sum"])
            }
        }

        @Test func `3xx and 4xx reach the client with what belongs to them`() async throws {
            let script = serving { request in
                if request["cookie"] == "big" {
                    return "HTTP/1.1 403 No\r\nContent-Length: 70000\r\n\r\n" + String(repeating: "x", count: 70_000)
                }
                return request["cookie"] == nil
                    ? "HTTP/1.1 302 Found\r\nLocation: https://login.example/?rd=a\r\nSet-Cookie: state=1\r\n"
                        + "Set-Cookie: csrf=2\r\nX-Secret: s\r\nServer: auth\r\nContent-Length: 0\r\n\r\n"
                    : "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"a\"\r\nRetry-After: 7\r\n"
                        + "Content-Type: text/plain\r\nContent-Length: 4\r\n\r\nnope"
            }
            try await Self.withService(script) { gateway, _, api in
                let redirect = try await gateway.get("/")
                #expect(redirect.status == 302 && redirect["location"] == "https://login.example/?rd=a")
                #expect(redirect.all("set-cookie") == ["state=1", "csrf=2"])
                #expect(redirect["x-secret"] == nil && redirect["cache-control"] == "no-store")
                let refused = try await gateway.get("/", "Cookie: a=b")
                #expect(refused.status == 401 && refused.text == "nope")
                #expect(refused["www-authenticate"] == "Basic realm=\"a\"" && refused["retry-after"] == "7")
                #expect(refused["content-type"] == "text/plain")
                let head = try await gateway.exchange("HEAD / HTTP/1.1\r\nHost: a\r\nCookie: a=b\r\n\r\n")
                #expect(head.status == 401)
                let big = try await gateway.get("/", "Cookie: big")
                #expect(big.status == 403 && big.body.count == 65_536)
                #expect(api.requests.isEmpty)
            }
        }

        @Test(arguments: [
            "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 103 Early Hints\r\n\r\n", "",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", "hello\r\n\r\n", "HTTP/1.1 101 Go\r\n\r\n",
            "HTTP/1.1 304 Same\r\n\r\n",
            "close",
        ])
        func `without a complete answer nothing passes`(answer: String) async throws {
            let script = playing { session in
                _ = try await session.request()
                if answer == "close" { return session.connection.close() }
                try await session.send(answer)
                _ = try? await session.request()
            }
            try await Self.withService(script, settings: "timeout = \"40ms\"") { gateway, _, api in
                let response = try await gateway.get("/")
                #expect(response.status == 503 && response.code == "auth_unavailable")
                #expect(response["retry-after"] == "1")
                #expect(api.requests.isEmpty)
            }
        }

        @Test func `a service that is away lets nothing pass`() async throws {
            try await withUpstream(serving { _ in ok("hello") }) { api in
                // Nobody may listen on port 1.
                let toml = Self.toml("http://127.0.0.1:1", api, "", route: "")
                try await withGateway(toml, admin: .address(.host("127.0.0.1", port: 0))) { gateway in
                    for _ in 0..<3 {
                        let response = try await gateway.get("/")
                        #expect(response.code == "auth_unavailable")
                    }
                    #expect(api.requests.isEmpty)
                    for path in ["/upstreams", "/health"] {
                        let report = try await gateway.admin("GET \(path)")
                        #expect(!report.text.contains("_auth_forward"))
                    }
                }
            }
        }

        @Test func `a question ends when its client leaves`() async throws {
            let script = playing { session in
                _ = try await session.request()
                _ = try? await session.request()
            }
            try await Self.withService(script, settings: "timeout = \"1m\"") { gateway, service, api in
                let client = try await gateway.connect()
                defer { client.close() }
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                try await eventually("the service was asked") { service.requests.count == 1 }
                client.close()
                try await eventually("the question ended") { service.openConnections == 0 }
                #expect(api.requests.isEmpty)
            }
        }

        @Test func `connections to the service are reused`() async throws {
            try await Self.withService(Self.accept()) { gateway, service, _ in
                for _ in 0..<5 { _ = try await gateway.get("/") }
                #expect(service.requests.count == 5 && service.connections == 1)
            }
        }

        @Test func `a remembered 2xx is not asked for again, and sets no cookie twice`() async throws {
            let script = serving { request in
                request["cookie"] == "no"
                    ? "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"
                    : "HTTP/1.1 204 OK\r\nX-User: \(request["cookie"] ?? "-")\r\nSet-Cookie: s=1\r\n\r\n"
            }
            let settings = """
                cache = "1h"
                response_headers = ["X-User"]
                client_headers = ["Set-Cookie", "X-User"]
                consumer_header = "X-User"
                """
            let api = serving { ok($0["x-user"] ?? "nobody") }
            try await Self.withService(script, settings: settings, api: api) { gateway, service, _ in
                let first = try await gateway.get("/a", "Cookie: ann")
                #expect(first.text == "ann" && first["set-cookie"] == "s=1")
                let second = try await gateway.get("/a", "Cookie: ann")
                #expect(second.text == "ann" && second["x-user"] == "ann" && second["set-cookie"] == nil)
                #expect(service.requests.count == 1)
                // Each of these is another question.
                #expect(try await gateway.get("/a", "Cookie: bob").text == "bob")
                #expect(try await gateway.get("/a?", "Cookie: ann").text == "ann")
                #expect(try await gateway.get("/A", "Cookie: ann").text == "ann")
                _ = try await gateway.exchange("HEAD /a HTTP/1.1\r\nHost: a.example\r\nCookie: ann\r\n\r\n")
                _ = try await gateway.exchange("GET /a HTTP/1.1\r\nHost: b.example\r\nCookie: ann\r\n\r\n")
                #expect(try await gateway.get("/a", "Cookie: ann", "Authorization: x").text == "ann")
                #expect(service.requests.count == 7)
                // A refusal is not remembered.
                for _ in 0..<2 { #expect(try await gateway.get("/a", "Cookie: no").status == 403) }
                #expect(service.requests.count == 9)
            }
        }

        @Test func `two Authorization fields are refused before anyone is asked`() async throws {
            try await Self.withService(Self.accept()) { gateway, service, _ in
                let response = try await gateway.get("/", "Authorization: Basic YQ==", "Authorization: Basic Yg==")
                #expect(response.status == 400 && service.requests.isEmpty)
            }
        }

        @Test func `handshakes of WebSockets are asked about as well`() async throws {
            let script = serving { request in
                request["cookie"] == "ann"
                    ? "HTTP/1.1 200 OK\r\nSet-Cookie: s=1\r\nContent-Length: 0\r\n\r\n"
                    : "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n"
            }
            let api = playing { session in
                let request = try await session.request()
                #expect(request["upgrade"] == "websocket")
                try await session.send(
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
                )
                _ = try? await session.request()
            }
            let handshake =
                "GET /chat HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            try await Self.withService(script, api: api) { gateway, service, _ in
                #expect(try await gateway.exchange(handshake + "\r\n").status == 401)
                let client = try await gateway.connect()
                defer { client.close() }
                try await client.send(handshake + "Cookie: ann\r\n\r\n")
                let response = try await client.response()
                #expect(response.status == 101 && response["set-cookie"] == "s=1")
                for asked in service.requests {
                    #expect(asked["upgrade"] == nil && asked["connection"] == nil && asked["sec-websocket-key"] == nil)
                    #expect(asked["x-forwarded-uri"] == "/chat")
                }
            }
        }
    }
}
