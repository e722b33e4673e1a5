import Testing

extension EndToEnd {
    /// The forms of a request target, and rejected methods.
    @Suite struct RequestTargetTests {
        @Test(arguments: [
            ("GET http://b.example/x?y=1 HTTP/1.1\r\nHost: a.example\r\n\r\n", "/x?y=1", "b.example"),
            ("GET HTTP://b.example:81/x HTTP/1.1\r\nHost: b.example:81\r\n\r\n", "/x", "b.example:81"),
            ("GET http://b.example HTTP/1.1\r\nHost: b.example\r\n\r\n", "/", "b.example"),
            ("GET http://b.example?q HTTP/1.1\r\nHost: b.example\r\n\r\n", "/?q", "b.example"),
            ("GET /x? HTTP/1.1\r\nHost: b.example\r\n\r\n", "/x?", "b.example"),
            ("GET /x?a=/../b HTTP/1.1\r\nHost: b.example\r\n\r\n", "/x?a=/../b", "b.example"),
        ])
        func `absolute-form and origin-form reach the upstream as a path (RFC 9112 section 3.2)`(
            _ request: String,
            _ target: String,
            _ host: String
        ) async throws {
            try await withProxy(serving { ok($0.target + " " + ($0["Host"] ?? "")) }) { gateway, _ in
                let response = try await gateway.exchange(request)
                #expect(response.text == "\(target) \(host)")
            }
        }

        @Test func `the authority of absolute-form selects the route (RFC 9112 section 3.2.2)`() async throws {
            let toml = """
                [[routes]]
                hosts = ["a.example"]
                path = "/*"
                respond = { body = "a" }
                [[routes]]
                hosts = ["b.example"]
                path = "/*"
                respond = { body = "b" }
                """
            try await withGateway(toml) { gateway in
                let text = try await gateway.exchange("GET http://b.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n").text
                #expect(text == "b")
            }
        }

        @Test(arguments: [
            ("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405, "method_not_allowed"),
            ("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n", 405, "method_not_allowed"),
            ("CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", 405, "method_not_allowed"),
            ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_request"),
            ("GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_request"),
            ("GET a.example:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_request"),
            ("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_request"),
            ("GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_request"),
            ("GET http://u:p@a/x HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_request"),
            ("GET http://a b/x HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_request"),
            ("GET /.. HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_request"),
            ("GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_request"),
            ("GET /%2 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_request"),
            ("GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_request"),
            ("GET /..;/admin HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_request"),
        ])
        func `other targets and methods are rejected before an upstream sees them`(
            _ request: String,
            _ status: Int,
            _ code: String
        ) async throws {
            try await withProxy(serving { _ in ok() }) { gateway, upstream in
                let response = try await gateway.exchange(request)
                #expect(response.status == status)
                #expect(response.code == code)
                #expect(response["Cache-Control"] == "no-store")
                #expect(response["X-Request-ID"] != nil)
                if status == 405 { #expect(response["Allow"] != nil) }
                #expect(upstream.connections == 0)
            }
        }

        @Test func `OPTIONS with an asterisk is not treated as a path (RFC 9112 section 3.2.4)`() async throws {
            try await withProxy(serving { ok($0.target) }) { gateway, _ in
                let response = try await gateway.exchange("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(response.status != 400)
                #expect(response.text != "/*")
            }
        }
    }
}
