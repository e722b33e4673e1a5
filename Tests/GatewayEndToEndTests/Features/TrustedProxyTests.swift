import Gateway
import Testing

@testable import GatewayCore
@testable import GatewaySettings

extension EndToEnd {
    /// A proxy in `server.trusted_proxies` reports the client, its scheme and its host.
    @Suite struct TrustedProxyTests {
        private static let trusting = "trusted_proxies = [\"127.0.0.0/8\"]"
        private static let modern =
            "Forwarded: for=\"192.0.2.7:4711\";proto=HTTPS;host=public.example:444, for=127.0.0.9"
        private static let older = [
            "X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: https", "X-Forwarded-Host: public.example:444",
        ]

        /// The fields of a `GET /` as the upstream receives them.
        private func forwarded(_ fields: [String], server: String = trusting) async throws -> Message {
            try await withProxy(serving { _ in ok() }, server: server) { gateway, upstream in
                let lines = (["Host: in.example:8080"] + fields).map { $0 + "\r\n" }.joined()
                _ = try await gateway.exchange("GET / HTTP/1.1\r\n\(lines)\r\n")
                return try #require(upstream.requests.first)
            }
        }

        static let origins: [(fields: [String], origin: String)] = [
            ([], "http://in.example:8080"), (older, "https://public.example:444"),
            ([modern], "https://public.example:444"),
            (["X-Forwarded-Proto: https"], "https://in.example:8080"),
            (["X-Forwarded-Proto: https, http"], "https://in.example:8080"),
            (["X-Forwarded-Proto: http, https"], "http://in.example:8080"),
            (["X-Forwarded-Host: public.example , in.example"], "http://public.example"),
            (["X-Forwarded-Host: \"<script>"], "http://in.example:8080"),
            (["X-Forwarded-Host: "], "http://in.example:8080"),
            (["Forwarded: for=192.0.2.7;host=\"a/b\""], "http://in.example:8080"),
            // Fields to the left of an untrusted address are ignored, because anybody can invent them.
            (["Forwarded: for=192.0.2.1;proto=https, for=192.0.2.7"], "http://in.example:8080"),
        ]

        @Test(arguments: origins)
        func `redirects point to the origin that the client used`(_ fields: [String], _ origin: String) async throws {
            let script = serving { request in
                "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://\(request["X-Own"] ?? "")/x\r\n\r\n"
            }
            let redirect = """
                [[routes]]
                path = "/moved"
                redirect = { to = "{scheme}://{host}/y", status = 308 }
                """
            try await withProxy(script, server: Self.trusting, more: redirect) { gateway, upstream in
                let lines = (["Host: in.example:8080", "X-Own: \(upstream.authority)"] + fields).map { $0 + "\r\n" }
                    .joined()
                let found = try await gateway.exchange("GET / HTTP/1.1\r\n\(lines)\r\n")
                #expect(found["Location"] == "\(origin)/x")
                let moved = try await gateway.exchange("GET /moved HTTP/1.1\r\n\(lines)\r\n")
                #expect(moved["Location"] == "\(origin)/y")
                #expect((moved["Strict-Transport-Security"] != nil) == origin.hasPrefix("https"))
            }
        }

        @Test func `an untrusted peer is not believed`() async throws {
            for fields in [Self.older, [Self.modern]] {
                let request = try await self.forwarded(fields, server: "")
                #expect(request["X-Forwarded-For"] == "127.0.0.1")
                #expect(request["X-Forwarded-Proto"] == "http")
                #expect(request["X-Forwarded-Host"] == "in.example:8080")
                #expect(request["X-Forwarded-Port"] == "8080")
            }
        }

        @Test func `a proxy on a Unix socket reports the client`() async throws {
            let path = "/tmp/gateway-e2e-\(UInt32.random(in: 0 ... .max)).sock"
            for (trusted, client) in [("[\"unix:\"]", "192.0.2.7, unknown"), ("[\"0.0.0.0/0\"]", "unknown")] {
                try await withUpstream(
                    serving { ok($0["X-Forwarded-For"] ?? "", "X-Scheme: \($0["X-Forwarded-Proto"] ?? "")") }
                ) {
                    upstream in
                    let toml = proxy(to: upstream.url, server: "trusted_proxies = \(trusted)")
                    try await withGateway(toml, listen: [.unix(path: path)]) { gateway in
                        let answer = try await gateway.get(
                            "/",
                            "X-Forwarded-For: 192.0.2.7",
                            "X-Forwarded-Proto: https"
                        )
                        #expect(answer.text == client)
                        #expect(answer["X-Scheme"] == (client == "unknown" ? "http" : "https"))
                        #expect((answer["Strict-Transport-Security"] != nil) == (client != "unknown"))
                    }
                }
            }
        }

        @Test func `the port is that of the client's host, or the default of its scheme`() async throws {
            let ports: [(fields: [String], port: String)] = [
                (["X-Forwarded-Proto: https"], "8080"), (["X-Forwarded-Host: a.example"], "80"),
                (["X-Forwarded-Proto: https", "X-Forwarded-Host: a.example"], "443"),
                (["X-Forwarded-Host: a.example:81"], "81"), (["X-Forwarded-Port: 9"], "9"),
            ]
            for (fields, port) in ports {
                let request = try await self.forwarded(fields)
                #expect(request.all("X-Forwarded-Port") == [port], "\(fields)")
            }
        }

        @Test func `fields in one style are forwarded in the other (RFC 7239 section 7.4)`() async throws {
            let older = try await self.forwarded([Self.modern])
            #expect(older["X-Forwarded-For"] == "192.0.2.7, 127.0.0.1")
            #expect(older["X-Forwarded-Proto"] == "https")
            #expect(older["X-Forwarded-Host"] == "public.example:444")
            #expect(older["X-Forwarded-Port"] == "444")
            #expect(older["Forwarded"] == nil)
            let modern = try await self.forwarded(Self.older, server: "forwarded = \"rfc7239\"\n" + Self.trusting)
            #expect(
                modern["Forwarded"] == "for=192.0.2.7;proto=https;host=\"public.example:444\", "
                    + "for=127.0.0.1;proto=http;host=\"in.example:8080\""
            )
            let both = try await self.forwarded([Self.modern], server: "forwarded = \"both\"\n" + Self.trusting)
            #expect(both["Forwarded"]?.hasPrefix(Self.modern.dropFirst("Forwarded: ".count)) == true)
            #expect(both["X-Forwarded-For"] == "192.0.2.7, 127.0.0.1")
        }
    }
}
