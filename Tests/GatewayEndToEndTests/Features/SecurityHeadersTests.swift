import Testing

@testable import GatewayCore

extension EndToEnd {
    /// Response fields for browsers.
    @Suite struct SecurityHeadersTests {
        private static let html = "Content-Type: text/html; charset=utf-8"

        /// The fields that a client receives for an upstream's response.
        private static func response(
            _ answer: String,
            _ settings: String = "",
            server: String = "",
            _ fields: String = "A: b"
        ) async throws -> Message {
            try await withProxy(
                serving { _ in answer },
                server: server,
                more: "[middleware.security_headers]\n\(settings)"
            ) { gateway, _ in try await gateway.get("/", fields) }
        }

        @Test func `API responses have the default fields`() async throws {
            try await withProxy(serving { _ in ok("{}", "Server: x", "X-Powered-By: y", "X-Kept: z") }) { gateway, _ in
                let response = try await gateway.get("/")
                for (name, value) in [
                    ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "strict-origin-when-cross-origin"),
                    ("X-Frame-Options", "DENY"), ("Cross-Origin-Opener-Policy", "same-origin"),
                    ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"), ("X-XSS-Protection", "0"),
                    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"), ("X-Kept", "z"),
                ] {
                    #expect(response.all(name) == [value])
                }
                for name in [
                    "Server", "X-Powered-By", "Strict-Transport-Security", "Cross-Origin-Resource-Policy",
                    "Cross-Origin-Embedder-Policy", "Reporting-Endpoints", "Content-Security-Policy-Report-Only",
                ] {
                    #expect(response[name] == nil, "\(name)")
                }
            }
        }

        @Test(arguments: [
            "text/html", "TEXT/HTML;charset=x", "application/xhtml+xml", "text/htmlx", "application/json",
        ])
        func `the API defaults do not break a site`(type: String) async throws {
            let response = try await Self.response(ok("", "Content-Type: \(type)"))
            let isHTML = type != "text/htmlx" && type != "application/json"
            for name in [
                "Content-Security-Policy", "X-Frame-Options", "Cross-Origin-Opener-Policy", "Permissions-Policy",
            ] {
                #expect((response[name] == nil) == isHTML, "\(name)")
            }
            #expect(response["X-Content-Type-Options"] == "nosniff")
        }

        @Test func `configured fields are on HTML under every preset`() async throws {
            let settings = "frame_options = \"SAMEORIGIN\"\ncsp = { policy = \"default-src 'self'\" }"
            let response = try await Self.response(ok("", Self.html), settings)
            #expect(response["X-Frame-Options"] == "SAMEORIGIN")
            #expect(response["Content-Security-Policy"] == "default-src 'self'")
            #expect(response["Permissions-Policy"] == nil)
        }

        @Test(arguments: [false, true])
        func `a site's responses have the fields of the preset`(isSecure: Bool) async throws {
            let response = try await Self.response(
                ok("", Self.html),
                "preset = \"web\"",
                server: "trusted_proxies = [\"127.0.0.1/32\"]",
                "X-Forwarded-Proto: \(isSecure ? "https" : "http")"
            )
            #expect(response["X-Frame-Options"] == "SAMEORIGIN")
            #expect(response["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups")
            // Over plain HTTP browsers support no reporting endpoints, and with report-to they would ignore
            // report-uri.
            #expect(
                response["Content-Security-Policy"]
                    == "default-src 'self'; object-src 'none'; base-uri 'self'; frame-ancestors 'self'"
                    + "; report-uri /.gateway/csp-reports" + (isSecure ? "; report-to gateway-csp" : "")
            )
            #expect(response["Reporting-Endpoints"] == "gateway-csp=\"/.gateway/csp-reports\"")
        }

        @Test(arguments: [false, true])
        func `the upstream's fields are kept unless override is set`(override: Bool) async throws {
            let answer = ok(
                "",
                "x-frame-options: ALLOWALL",
                "Content-Security-Policy: default-src *",
                "Content-Security-Policy: img-src *",
                "Strict-Transport-Security: max-age=1"
            )
            let response = try await Self.response(
                answer,
                "override = \(override)",
                server: "trusted_proxies = [\"127.0.0.1/32\"]",
                "X-Forwarded-Proto: https"
            )
            #expect(response.all("X-Frame-Options") == [override ? "DENY" : "ALLOWALL"])
            #expect(response.all("Strict-Transport-Security") == [override ? "max-age=31536000" : "max-age=1"])
            #expect(
                response.all("Content-Security-Policy")
                    == (override ? ["default-src 'none'; frame-ancestors 'none'"] : ["default-src *", "img-src *"])
            )
        }

        @Test(arguments: [
            ("", "", "https", false), ("trusted_proxies = [\"127.0.0.1/32\"]", "", "https", true),
            ("trusted_proxies = [\"127.0.0.1/32\"]", "", "http", false),
            ("trusted_proxies = [\"127.0.0.1/32\"]", "mode = \"development\"", "https", false),
            ("trusted_proxies = [\"127.0.0.1/32\"]", "hsts = \"\"", "https", false),
        ])
        func `HSTS is sent only to clients on TLS`(
            _ server: String,
            _ settings: String,
            _ scheme: String,
            _ isSent: Bool
        ) async throws {
            let response = try await Self.response(ok(), settings, server: server, "X-Forwarded-Proto: \(scheme)")
            #expect((response["Strict-Transport-Security"] != nil) == isSent)
        }

        @Test func `in development mode the policy only reports`() async throws {
            let settings = "mode = \"development\"\ncsp = { policy = \"img-src a\", report_only = \"img-src b\" }"
            let response = try await Self.response(ok(), settings)
            #expect(response["Content-Security-Policy"] == nil)
            #expect(response.all("Content-Security-Policy-Report-Only") == ["img-src a", "img-src b"])
        }

        @Test func `a report-only policy is sent next to the enforced one`() async throws {
            let response = try await Self.response(
                ok(),
                "csp = { policy = \"img-src a\", report_only = \"img-src b\" }"
            )
            #expect(response.all("Content-Security-Policy") == ["img-src a"])
            #expect(response.all("Content-Security-Policy-Report-Only") == ["img-src b"])
        }

        @Test func `errors and local responses have the fields`() async throws {
            let toml = """
                [[routes]]
                path = "/a"
                respond = { status = 200, body = "x" }
                [[routes]]
                path = "/b"
                redirect = { to = "/a" }
                """
            try await withGateway(toml) { gateway in
                for (request, status) in [
                    ("GET /a", 200), ("GET /b", 308), ("GET /none", 404), ("POST /../x", 400), ("TRACE /a", 405),
                ] {
                    let response = try await gateway.exchange("\(request) HTTP/1.1\r\nHost: a\r\n\r\n")
                    #expect(response.status == status)
                    #expect(response.all("X-Content-Type-Options") == ["nosniff"], "\(request)")
                    #expect(response["Content-Security-Policy"] != nil, "\(request)")
                }
                let malformed = try await gateway.exchange("GET / HTTP/1.1\r\nHost: a\r\nA : b\r\n\r\n")
                #expect(malformed.status == 400)
                #expect(malformed["X-Content-Type-Options"] == "nosniff")
            }
        }

        @Test func `an empty value is not sent, and false disables everything`() async throws {
            let response = try await Self.response(
                ok(),
                "content_type_options = \"\"\nxss_protection = \"\"\nremove = []\ncsp = { policy = \"\" }"
            )
            #expect(response["X-Content-Type-Options"] == nil)
            #expect(response["X-XSS-Protection"] == nil)
            #expect(response["Content-Security-Policy"] == nil)
            #expect(response["Referrer-Policy"] != nil)
            try await withProxy(serving { _ in ok() }, more: "[middleware]\nsecurity_headers = false") { gateway, _ in
                let plain = try await gateway.get("/")
                #expect(plain["X-Content-Type-Options"] == nil)
            }
        }
    }
}
