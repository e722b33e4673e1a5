import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewaySettings

struct ConnectionExplanationTests {
    private static func explain(
        _ url: String,
        _ fields: [(name: String, value: String)] = [],
        server: String = "",
        tls: String = "",
        from peer: String = "192.0.2.1"
    ) async throws -> RequestExplanation {
        try await CertificateFolder.with { folder in
            try folder.write("first", hosts: ["a.example"])
            try folder.write("second", hosts: ["b.example"])
            let toml = """
                [server]
                listen = ["http://0.0.0.0:8080", "https://0.0.0.0:8443", "https://0.0.0.0:9443"]
                trusted_proxies = ["10.0.0.0/8"]
                \(server)
                [server.tls]
                certificate = "first.pem"
                key = "first.key"
                \(tls)
                [[server.tls.certificates]]
                certificate = "second.pem"
                key = "second.key"
                sni = ["*.b.example", "b.example"]
                [admin]
                expose = ["/health", "/metrics"]
                [[routes]]
                name = "all"
                path = "/*"
                respond = {}
                """
            try folder.write(toml, to: "gateway.toml")
            let configuration = try GatewayConfiguration(file: folder.path + "/gateway.toml", environment: [:])
            let address = try #require(IPAddress(peer))
            return try RequestExplanation(
                ExplainedRequest(method: "GET", url: url, fields: fields, peer: address),
                configuration: configuration
            )
        }
    }

    private static func handshake(_ explanation: RequestExplanation) -> ConnectionExplanation.Handshake? {
        if case .secured(let handshake)? = explanation.connection?.outcome { handshake } else { nil }
    }

    @Test(
        arguments: [
            ("https://a.example:8443/", "https://0.0.0.0:8443", "a.example", "first.pem"),
            ("https://X.b.example:9443/", "https://0.0.0.0:9443", "x.b.example", "second.pem"),
            ("https://b.example/", "https://0.0.0.0:8443", "b.example", "second.pem"),
            ("https://x.y.b.example/", "https://0.0.0.0:8443", "x.y.b.example", "first.pem"),
            ("https://192.0.2.1/", "https://0.0.0.0:8443", nil, "first.pem"),
        ] as [(String, String, String?, String)]
    )
    func `a handshake has a listener, a name and a certificate`(
        url: String,
        listener: String,
        name: String?,
        certificate: String
    ) async throws {
        let explanation = try await Self.explain(url)
        #expect(explanation.connection?.listener == listener)
        #expect(Self.handshake(explanation)?.serverName == name)
        #expect(Self.handshake(explanation)?.certificate == certificate)
        #expect(Self.handshake(explanation)?.protocolName == "HTTP/2")
        #expect(Self.handshake(explanation)?.clientCertificate == nil)
        #expect(explanation.routeName == "all")
    }

    @Test func `the protocol is the first of alpn`() async throws {
        let explanation = try await Self.explain("https://a.example/", tls: "alpn = [\"http/1.1\", \"h2\"]")
        #expect(Self.handshake(explanation)?.protocolName == "HTTP/1.1")
        #expect(explanation.json.contains(#""protocol":"HTTP/1.1""#))
    }

    @Test func `with strict_sni, the handshake needs a known name, and the request one of the certificate`()
        async throws
    {
        let strict = "strict_sni = true"
        let unknown = try await Self.explain("https://c.example/", tls: strict)
        let reason = "no certificate is for \"c.example\", and server.tls.strict_sni is true"
        #expect(unknown.verdict == .unreachable(reason: reason))
        #expect(unknown.routeName == nil)
        let nameless = try await Self.explain("https://192.0.2.1/", tls: strict)
        #expect(
            nameless.verdict == .unreachable(reason: "the client asks for no name, and server.tls.strict_sni is true")
        )
        let other = try await Self.explain("https://a.example/", [("Host", "b.example")], tls: strict)
        #expect(other.status == 421)
        #expect(try await Self.explain("https://a.example/", [("Host", "A.example:8443")], tls: strict).status == nil)
    }

    @Test func `a plain request is redirected, except for checks of the health`() async throws {
        let redirect = "https_redirect = true"
        let explanation = try await Self.explain("http://a.example:8080/b?c", server: redirect)
        #expect(explanation.connection?.listener == "http://0.0.0.0:8080")
        #expect(explanation.verdict == .redirected(to: "https://a.example:8443/b?c"))
        #expect(explanation.status == 308)
        #expect(try await Self.explain("http://a.example/health", server: redirect).verdict == .admin)
        #expect(try await Self.explain("http://a.example/metrics", server: redirect).status == 308)
        #expect(try await Self.explain("https://a.example/b", server: redirect).routeName == "all")
        let secured = [(name: "X-Forwarded-Proto", value: "https")]
        #expect(
            try await Self.explain("http://a.example/b", secured, server: redirect, from: "10.0.0.1").routeName == "all"
        )
        #expect(try await Self.explain("http://a.example/b", secured, server: redirect).status == 308)
    }

    @Test func `without TLS in the configuration, a proxy in front may have it`() throws {
        var configuration = GatewayConfiguration.demo
        configuration.nameRoutes()
        let request = try ExplainedRequest(method: "GET", url: "https://a.example/")
        #expect(try RequestExplanation(request, configuration: configuration).connection == nil)
    }
}
