import Testing

extension EndToEnd {
    /// From the target of the request to the target sent upstream.
    @Suite struct RoutingTests {
        @Test(arguments: [
            ("path = \"/*\"", "/a/b?c=d", "/a/b?c=d"),
            ("path = \"/v1/*\"\nstrip_prefix = \"/v1\"", "/v1/users?x=1", "/users?x=1"),
            ("path = \"/v1/*\"\nstrip_prefix = \"/v1\"", "/v1", "/"),
            ("path = \"/v1/*\"\nstrip_prefix = \"/v1\"", "/v1/", "/"),
            ("path = \"/users/{id}\"\nrewrite = \"/internal/{id}/x\"", "/users/a%2Fb?q", "/internal/a%2Fb/x?q"),
            ("path = \"/x/*\"\nrewrite = \"/y/{rest}\"", "/x/a/b%20c", "/y/a/b%20c"),
            ("path = \"/*\"", "/a/./b/../c//d", "/a/c/d"), ("path = \"/*\"", "/%61%2f%7e", "/a%2F~"),
            ("path = \"/*\"", "/a/%2e%2E/b", "/b"),
            ("path = \"/*\"\nforward_path = \"original\"", "/a/./b/../c//%61", "/a/./b/../c//%61"),
            ("path = \"/*\"\nforward_path = \"original\"", "/a%2fb?x=%2f", "/a%2fb?x=%2f"),
        ])
        func `the path goes upstream as configured`(_ route: String, _ sent: String, _ seen: String) async throws {
            try await withUpstream(serving { ok($0.target) }) { upstream in
                let toml = """
                    [upstreams.api]
                    targets = ["\(upstream.url)"]
                    [[routes]]
                    upstream = "api"
                    \(route)
                    """
                try await withGateway(toml) { gateway in
                    let response = try await gateway.get(sent)
                    #expect(response.text == seen)
                }
            }
        }

        private static let table = """
            [[routes]]
            path = "/*"
            respond = { body = "any" }
            [[routes]]
            path = "/admin/*"
            respond = { status = 403, body = "admin" }
            [[routes]]
            path = "/users/{id}"
            methods = ["GET", "PUT"]
            respond = { body = "user", headers = { X-Kind = "user" } }
            [[routes]]
            path = "/users/me"
            respond = { body = "me" }
            [[routes]]
            path = "/only"
            hosts = ["only.example"]
            methods = ["POST"]
            respond = { status = 201, body = "posted" }
            [[routes]]
            path = "/*"
            hosts = ["*.wild.example"]
            respond = { body = "wild" }
            [[routes]]
            path = "/*"
            hosts = ["x.wild.example"]
            respond = { body = "x" }
            [[routes]]
            path = "/v"
            match_headers = { X-Version = "2" }
            respond = { body = "v2" }
            [[routes]]
            path = "/v"
            match_query = { debug = "1" }
            respond = { body = "debug" }
            [[routes]]
            path = "/old/*"
            redirect = { to = "https://{host}/new{path}?{query}", status = 301 }
            """

        @Test(arguments: [
            ("GET", "/", "a", "any"), ("GET", "/admin", "a", "admin"), ("GET", "/admin/x", "a", "admin"),
            ("GET", "//admin", "a", "admin"), ("GET", "/./admin/", "a", "admin"), ("GET", "/x/../admin", "a", "admin"),
            ("GET", "/%61dmin", "a", "admin"), ("GET", "/x/%2e%2e/admin", "a", "admin"), ("GET", "/ADMIN", "a", "any"),
            ("GET", "/admin%252F", "a", "any"), ("GET", "/users/7", "a", "user"), ("GET", "/users/me", "a", "me"),
            ("PUT", "/users/7", "a", "user"), ("DELETE", "/users/7", "a", "any"),
            ("GET", "/", "b.wild.example", "wild"),
            ("GET", "/", "c.b.wild.example", "wild"), ("GET", "/", "X.Wild.Example.:80", "x"),
            ("GET", "/", "wild.example", "any"),
            ("GET", "/v?debug=1", "a", "debug"), ("GET", "/v", "a", "any"), ("GET", "/v?xdebug=1", "a", "any"),
        ])
        func `the most specific route wins`(
            _ method: String,
            _ target: String,
            _ host: String,
            _ body: String
        ) async throws {
            try await withGateway(Self.table) { gateway in
                let response = try await gateway.exchange("\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
                #expect(response.text == body)
            }
        }

        @Test func `header conditions, HEAD as GET, fixed responses`() async throws {
            try await withGateway(Self.table) { gateway in
                #expect(try await gateway.get("/v", "x-version: 2").text == "v2")
                let head = try await gateway.exchange("HEAD /users/7 HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(head.status == 200)
                #expect(head["X-Kind"] == "user")
                #expect(head["Content-Length"] == "4")
                #expect(try await gateway.exchange("GET /old/x HTTP/1.0\r\n\r\n").status == 400)
                let redirect = try await gateway.get("/old/x?a=b")
                #expect(redirect.status == 301)
                #expect(redirect["Location"] == "https://a.example/new/old/x?a=b")
            }
        }

        @Test func `a 405 lists the methods, a 404 does not`() async throws {
            let toml = """
                [[routes]]
                path = "/x"
                methods = ["GET", "POST"]
                respond = { status = 204 }
                """
            try await withGateway(toml) { gateway in
                let refused = try await gateway.exchange("PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
                #expect(refused.status == 405)
                #expect(refused.code == "method_not_allowed")
                #expect(refused["Allow"] == "GET, HEAD, POST")
                let missing = try await gateway.get("/y")
                #expect(missing.status == 404)
                #expect(missing["Allow"] == nil)
                #expect(try await gateway.get("/x").status == 204)
            }
        }

        @Test func `a connection is kept after local responses, whatever the body`() async throws {
            try await withGateway(Self.table) { gateway in
                let client = try await gateway.connect()
                for body in [0, 1, 1000, 100_000] {
                    let text = String(repeating: "x", count: body)
                    async let sent: Void = client.send(
                        "POST /admin HTTP/1.1\r\nHost: a\r\nContent-Length: \(body)\r\n\r\n\(text)"
                    )
                    #expect(try await client.response().status == 403)
                    try await sent
                    try await client.send(
                        "POST /nowhere HTTP/1.1\r\nHost: only.example\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
                    )
                    #expect(try await client.response().text == "any")
                }
                client.close()
            }
        }
    }
}
