import NIOCore
import Testing

@testable import Gateway
@testable import GatewaySettings

extension EndToEnd {
    /// `server.https_redirect`.
    @Suite struct HTTPSRedirectTests {
        private static func withGateway<R>(
            _ server: String = "",
            _ body: (RunningGateway, _ port: Int) async throws -> R
        ) async throws -> R {
            let authority = try TestAuthority()
            return try await withFolder { folder in
                try authority.issue("127.0.0.1").write(as: "server", to: folder)
                let toml = """
                    [server]
                    https_redirect = true
                    \(server)
                    [server.tls]
                    certificate = "\(folder)/server.pem"
                    key = "\(folder)/server.key"
                    [admin]
                    expose = ["/health", "/metrics"]
                    [[routes]]
                    path = "/*"
                    respond = {}
                    """
                let listen = [
                    ListenAddress(.host("127.0.0.1", port: 0), scheme: .http), .host("127.0.0.1", port: 0),
                    .host("127.0.0.1", port: 0),
                ]
                return try await GatewayEndToEndTests.withGateway(toml, listen: listen) { gateway in
                    try await body(gateway, gateway.addresses[1].port ?? 0)
                }
            }
        }

        /// Heads of requests, and the URL that each is sent to. The port is that of the first TLS listener.
        private static let requests: [(head: String, url: String)] = [
            ("GET /a?b=c HTTP/1.1\r\nHost: a.example", "https://a.example:PORT/a?b=c"),
            ("GET /a%2fb/../c? HTTP/1.1\r\nHost: a.example:8080", "https://a.example:PORT/a%2fb/../c?"),
            ("HEAD / HTTP/1.1\r\nHost: [2001:db8::1]:80", "https://[2001:db8::1]:PORT/"),
            (
                "POST //b.example/ HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0",
                "https://a.example:PORT//b.example/"
            ),
            ("GET http://c.example:81/d HTTP/1.1\r\nHost: a.example", "https://c.example:PORT/d"),
            ("GET http://c.example HTTP/1.1\r\nHost: a.example", "https://c.example:PORT/"),
            ("GET /metrics HTTP/1.1\r\nHost: a.example", "https://a.example:PORT/metrics"),
            ("GET /healthy HTTP/1.1\r\nHost: a.example", "https://a.example:PORT/healthy"),
            ("GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-Proto: https", "https://a.example:PORT/"),
        ]

        @Test func `plain requests are sent to the same URL on https`() async throws {
            try await Self.withGateway { gateway, port in
                for (head, url) in Self.requests {
                    let response = try await gateway.exchange(head + "\r\n\r\n")
                    #expect(response.status == 308)
                    #expect(response["Location"] == url.replacing("PORT", with: "\(port)"))
                    #expect(response["X-Request-ID"] != nil)
                }
            }
        }

        @Test func `a request without a host cannot be redirected`() async throws {
            try await Self.withGateway { gateway, _ in
                let response = try await gateway.exchange("GET / HTTP/1.0\r\n\r\n")
                #expect(response.status == 400)
                #expect(response["Location"] == nil)
            }
        }

        @Test func `health endpoints are served plainly, as are requests that a trusted proxy reports as https`()
            async throws
        {
            try await Self.withGateway("trusted_proxies = [\"127.0.0.0/8\"]") { gateway, port in
                #expect(try await gateway.get("/health/live").status == 200)
                #expect(try await gateway.get("/health").status == 200)
                #expect(try await gateway.get("/", "X-Forwarded-Proto: https").status == 200)
                let forwarded = try await gateway.get("/", "X-Forwarded-Proto: http", "X-Forwarded-Host: b.example")
                #expect(forwarded["Location"] == "https://b.example:\(port)/")
            }
        }

        @Test func `a reload switches it off`() async throws {
            try await Self.withGateway { gateway, _ in
                #expect(try await gateway.get("/").status == 308)
                try await gateway.server.reload(gateway.configurationWithoutRedirect())
                #expect(try await gateway.get("/").status == 200)
            }
        }
    }
}

extension RunningGateway {
    fileprivate func configurationWithoutRedirect() throws -> GatewayConfiguration {
        var configuration = try #require(self.server.runtime).configuration
        configuration.server.httpsRedirect = false
        return configuration
    }
}
