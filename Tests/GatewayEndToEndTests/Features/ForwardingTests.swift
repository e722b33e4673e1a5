import Testing

@testable import GatewayMiddlewares

extension EndToEnd {
    /// How fields are forwarded (RFC 9110 section 7.6).
    @Suite struct ForwardingTests {
        /// The fields of a `GET /` as the upstream receives them, in order, as `name: value`.
        private static func forwarded(
            _ fields: String...,
            version: String = "1.1",
            host: String = "a.example",
            server: String = ""
        ) async throws -> Message {
            try await withProxy(serving { _ in ok() }, server: server) { gateway, upstream in
                let lines = fields.map { $0 + "\r\n" }.joined()
                _ = try await gateway.exchange("GET / HTTP/\(version)\r\nHost: \(host)\r\n\(lines)\r\n")
                return try #require(upstream.requests.first)
            }
        }

        private static let trusting = "trusted_proxies = [\"127.0.0.0/8\"]"

        @Test func `the forwarding fields describe the client and its request`() async throws {
            let request = try await Self.forwarded()
            #expect(request["X-Forwarded-For"] == "127.0.0.1")
            #expect(request["X-Forwarded-Proto"] == "http")
            #expect(request["X-Forwarded-Host"] == "a.example")
            #expect(request["X-Forwarded-Port"] == "80")
            #expect(request["Via"] == "1.1 gateway")
            #expect(request["Forwarded"] == nil)
            #expect(request["Host"] == "a.example")
            #expect(request["Connection"] == nil)
            #expect(request.all("X-Request-ID").count == 1)
        }

        @Test func `the port is the one in Host, and Via contains HTTP/1.0`() async throws {
            let request = try await Self.forwarded(version: "1.0", host: "a.example:8443")
            #expect(request["X-Forwarded-Port"] == "8443")
            #expect(request["X-Forwarded-Host"] == "a.example:8443")
            #expect(request["Via"] == "1.0 gateway")
            #expect(request.startLine.hasSuffix("HTTP/1.1"))
        }

        static let forged = [
            "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Prefix",
            "X-Forwarded-Server", "X-Forwarded-Ssl", "X-Forwarded-Client-Cert", "X-Real-IP", "Forwarded", "X-CSP-Nonce",
            "X-Request-Timeout-Ms", "X_Forwarded_For", "X-Forwarded_For", "x_forwarded-host", "X_REAL_IP",
            "X_Csp_Nonce",
            "x_request_timeout_ms", "X-FORWARDED-FOR",
        ]

        @Test(arguments: forged)
        func `only a trusted proxy is believed`(_ name: String) async throws {
            let request = try await Self.forwarded("\(name): forged", "\(name): forged", "Connection: \(name)")
            #expect(!request.fields.contains { $0.value.contains("forged") })
            #expect(request["X-Forwarded-For"] == "127.0.0.1")
        }

        @Test func `the fields of a trusted proxy are extended`() async throws {
            let request = try await Self.forwarded(
                "X-Forwarded-For: 192.0.2.1, 192.0.2.2",
                "X-Forwarded-For: 192.0.2.3",
                "X-Forwarded-Proto: https",
                "X-Forwarded-Host: public.example",
                "X-Forwarded-Port: 443",
                "X-Real-IP: 192.0.2.9",
                "Via: 2 edge",
                "X-Forwarded-Prefix: /p",
                server: Self.trusting
            )
            #expect(request["X-Forwarded-For"] == "192.0.2.1, 192.0.2.2, 192.0.2.3, 127.0.0.1")
            #expect(request.all("X-Forwarded-Proto") == ["https"])
            #expect(request.all("X-Forwarded-Host") == ["public.example"])
            #expect(request.all("X-Forwarded-Port") == ["443"])
            #expect(request["X-Forwarded-Prefix"] == "/p")
            #expect(request["Via"] == "2 edge, 1.1 gateway")
        }

        @Test(arguments: ["rfc7239", "both"])
        func `Forwarded is written if configured (RFC 7239)`(_ style: String) async throws {
            let server = "forwarded = \"\(style)\""
            let plain = try await Self.forwarded(host: "a.example:81", server: server)
            #expect(plain["Forwarded"] == "for=127.0.0.1;proto=http;host=\"a.example:81\"")
            #expect((plain["X-Forwarded-For"] == nil) == (style == "rfc7239"))
            let continued = try await Self.forwarded("Forwarded: for=192.0.2.1", server: server + "\n" + Self.trusting)
            #expect(continued["Forwarded"] == "for=192.0.2.1, for=127.0.0.1;proto=http;host=\"a.example\"")
            let forged = try await Self.forwarded("Forwarded: for=192.0.2.1", server: server)
            #expect(forged["Forwarded"] == "for=127.0.0.1;proto=http;host=\"a.example\"")
        }

        @Test func `hop-by-hop fields of a request are dropped (RFC 9110 section 7.6.1)`() async throws {
            let request = try await Self.forwarded(
                "Connection: keep-alive, X-Hop, x-other ,, Upgrade, HTTP2-Settings",
                "Connection: X-Third",
                "X-Hop: 1",
                "X-Other: 1",
                "X-Third: 1",
                "Keep-Alive: timeout=5",
                "Proxy-Connection: keep-alive",
                "Upgrade: h2c",
                "HTTP2-Settings: AAMAAABkAAQAAP__",
                "Proxy-Authorization: Basic eA==",
                "TE: gzip",
                "X-Kept: 1",
                "Authorization: Bearer x",
                "Cookie: a=b",
                "Cookie: c=d"
            )
            for name in [
                "Connection", "X-Hop", "X-Other", "X-Third", "Keep-Alive", "Proxy-Connection", "Upgrade",
                "HTTP2-Settings",
                "Proxy-Authorization", "TE", "Transfer-Encoding", "Content-Length",
            ] {
                #expect(request[name] == nil, "\(name)")
            }
            #expect(request["X-Kept"] == "1")
            #expect(request["Authorization"] == "Bearer x")
            #expect(request.all("Cookie") == ["a=b", "c=d"])
        }

        @Test func `TE is forwarded only as trailers (RFC 9110 section 10.1.4)`() async throws {
            let request = try await Self.forwarded("TE: gzip, trailers", "Connection: TE")
            #expect(request["TE"] == "trailers")
            #expect(request["Connection"] == "TE")
        }

        @Test func `Connection cannot remove protective fields`() async throws {
            let names = "Host, Content-Length, X-Forwarded-For, X-Forwarded-Proto, X-Request-ID, Via, Transfer-Encoding"
            try await withProxy(serving { ok($0.text) }) { gateway, upstream in
                let response = try await gateway.exchange(
                    "POST / HTTP/1.1\r\nHost: a.example\r\nConnection: close, \(names)\r\nContent-Length: 3\r\n\r\nabc"
                )
                #expect(response.text == "abc")
                let request = try #require(upstream.requests.first)
                #expect(request["Host"] == "a.example")
                #expect(request["Content-Length"] == "3")
                #expect(request["X-Forwarded-For"] == "127.0.0.1")
                #expect(request["X-Forwarded-Proto"] == "http")
                #expect(request["X-Request-ID"] != nil)
                #expect(request["Via"] == "1.1 gateway")
            }
        }

        @Test func `hop-by-hop fields of a response are dropped`() async throws {
            let answer = """
                HTTP/1.1 200 OK\r
                Connection: keep-alive, X-Hop, Content-Length, X-Request-ID, Set-Cookie\r
                X-Hop: 1\r
                Keep-Alive: timeout=60\r
                Proxy-Connection: close\r
                Upgrade: h2c\r
                Trailer: X-Sum\r
                Content-Length: 2\r
                Set-Cookie: a=b\r
                Set-Cookie: c=d\r
                X-Kept: 1\r
                Server: origin\r
                Date: Sun, 06 Nov 1994 08:49:37 GMT\r
                \r
                ab
                """
            try await withProxy(serving { _ in answer }) { gateway, _ in
                let response = try await gateway.get("/")
                for name in ["X-Hop", "Keep-Alive", "Proxy-Connection", "Upgrade", "Connection"] {
                    #expect(response[name] == nil, "\(name)")
                }
                #expect(response.text == "ab")
                #expect(response["X-Kept"] == "1")
                #expect(response.all("Set-Cookie") == ["a=b", "c=d"])
                #expect(response.all("Date") == ["Sun, 06 Nov 1994 08:49:37 GMT"])
                #expect(response.all("X-Request-ID").count == 1)
            }
        }

        @Test func `Date is added if the upstream sent none, Server never (RFC 9110 section 6.6.1)`() async throws {
            try await withProxy(serving { _ in ok() }) { gateway, _ in
                let response = try await gateway.get("/")
                #expect(response["Date"]?.hasSuffix(" GMT") == true)
                #expect(response["Server"] == nil)
                let missing = try await gateway.exchange("GET /.. HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(missing["Server"] == nil)
                #expect(missing["Date"] != nil)
            }
        }

        @Test(arguments: [("auto", true), ("true", true), ("false", false)])
        func `the upstream receives the client's Host or its own`(_ setting: String, _ isKept: Bool) async throws {
            let value = setting == "auto" ? "\"auto\"" : setting
            try await withProxy(serving { _ in ok() }, route: "preserve_host = \(value)") {
                gateway,
                upstream in
                _ = try await gateway.get("/")
                #expect(upstream.requests.first?["Host"] == (isKept ? "a.example" : upstream.authority))
                #expect(upstream.requests.first?["X-Forwarded-Host"] == "a.example")
            }
        }

        @Test func `an HTTP/1.0 request without Host gets the target's`() async throws {
            try await withProxy(serving { _ in ok() }) { gateway, upstream in
                let response = try await gateway.exchange("GET / HTTP/1.0\r\n\r\n")
                #expect(response.status == 200)
                #expect(upstream.requests.first?["Host"] == upstream.authority)
            }
        }

        @Test func `field values are forwarded unchanged`() async throws {
            let value = "\"a,b\";  c=\u{e4}\t;d, , e=~!@#$%^&*()"
            let long = String(repeating: "v", count: 20_000)
            let request = try await Self.forwarded("X-CaSe: \(value)", "x-long: \(long)", "X-Empty:", "X-CaSe: second")
            #expect(request.all("x-case") == [value, "second"])
            #expect(request.fields.contains { $0.name == "X-CaSe" })
            #expect(request["X-Long"] == long)
            #expect(request["X-Empty"] == "")
        }

        @Test(arguments: [
            ("http://ORIGIN/x?y#z", "http://a.example:81/x?y#z", ""), ("http://ORIGIN", "http://a.example:81/", ""),
            ("http://ORIGIN/x", "http://a.example:81/api/x", "strip_prefix = \"/api\""),
            ("HTTP://ORIGIN/X", "http://a.example:81/X", ""),
            ("//ORIGIN.evil.example/x", "//ORIGIN.evil.example/x", ""),
            ("http://ORIGIN?x", "http://a.example:81/?x", ""), ("http://ORIGIN#x", "http://a.example:81/#x", ""),
            ("http://ORIGIN?x", "http://a.example:81/api?x", "strip_prefix = \"/api\""),
            ("/x", "/x", ""), ("/x", "/api/x", "strip_prefix = \"/api\""), ("x", "x", "strip_prefix = \"/api\""),
            ("//ORIGIN/x", "http://a.example:81/x", ""),
            ("http://ORIGIN.evil.example/x", "http://ORIGIN.evil.example/x", ""),
            ("https://elsewhere.example/x", "https://elsewhere.example/x", "strip_prefix = \"/api\""),
        ])
        func `a Location at the target's origin is mapped to the client's`(
            _ sent: String,
            _ seen: String,
            _ route: String
        ) async throws {
            let script: ScriptedUpstream.Script = { session in
                try await session.serve { request in
                    "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: \(request["X-Location"] ?? "")\r\n\r\n"
                }
            }
            try await withProxy(script, route: route) { gateway, upstream in
                let sent = sent.replacing("ORIGIN", with: upstream.authority)
                let response = try await gateway.exchange(
                    "GET /api/1 HTTP/1.1\r\nHost: a.example:81\r\nX-Location: \(sent)\r\n\r\n"
                )
                #expect(response.status == 302)
                #expect(response.all("Location") == [seen.replacing("ORIGIN", with: upstream.authority)])
            }
        }

        @Test(arguments: [200, 201, 303, 404])
        func `a Location is rewritten for every status`(_ status: Int) async throws {
            let script: ScriptedUpstream.Script = { session in
                let host = try await session.request()["X-Own"] ?? ""
                try await session.send(
                    "HTTP/1.1 \(status) X\r\nContent-Length: 0\r\nLocation: http://\(host)/x\r\n\r\n"
                )
            }
            try await withProxy(script) { gateway, upstream in
                let response = try await gateway.get("/", "X-Own: \(upstream.authority)")
                #expect(response.status == status)
                #expect(response["Location"]?.hasSuffix("/x") == true)
                #expect(response["Location"]?.contains(upstream.authority) == false)
            }
        }
    }
}
