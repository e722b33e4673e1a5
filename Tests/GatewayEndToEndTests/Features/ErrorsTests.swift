import Testing

extension EndToEnd {
    /// The format of errors, and what happens to those of upstreams.
    @Suite struct ErrorsTests {
        private static func failing(_ status: Int, _ fields: String..., body: String = "secret 10.0.0.7")
            -> ScriptedUpstream.Script
        {
            let lines = fields.map { $0 + "\r\n" }.joined()
            return serving { request in
                let head = "HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\n\(lines)\r\n"
                return request.method == "HEAD" ? head : head + body
            }
        }

        private static func errors(_ settings: String...) -> String {
            "[middleware.errors]\n" + settings.joined(separator: "\n")
        }

        @Test(arguments: [
            ("problem+json", "text/html", "application/problem+json"), ("html", "*/*", "text/html; charset=utf-8"),
            ("text", "*/*", "text/plain; charset=utf-8"),
            ("negotiate", "text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"),
            ("negotiate", "application/json", "application/problem+json"),
            ("negotiate", "*/*", "application/problem+json"), ("negotiate", "text/plain", "text/plain; charset=utf-8"),
        ])
        func `errors have the format of the route`(_ format: String, _ accept: String, _ type: String) async throws {
            let toml = Self.errors("format = \"\(format)\"", "type_base = \"https://e.example/\"")
            try await withProxy(serving { _ in ok() }, route: "methods = [\"GET\"]", more: toml) { gateway, _ in
                for target in ["/..", "/"] {
                    for method in ["POST", "HEAD"] where method == "POST" || target == "/.." {
                        let response = try await gateway.exchange(
                            "\(method) \(target) HTTP/1.1\r\nHost: a\r\nAccept: \(accept)\r\nContent-Length: 0\r\n\r\n"
                        )
                        #expect(response.status == (target == "/" ? 405 : 400))
                        #expect(response["Content-Type"] == type)
                        #expect(response["Cache-Control"] == "no-store")
                        #expect(response["Proxy-Status"]?.hasPrefix("gateway; error=http_request_") == true)
                        #expect(response["Vary"] == (format == "negotiate" ? "Accept" : nil))
                        let id = try #require(response["X-Request-ID"])
                        if method == "POST" {
                            #expect(response.text.contains(id))
                            #expect(response.text.contains(target == "/" ? "method_not_allowed" : "bad_request"))
                        } else {
                            #expect(response["Content-Length"] != "0")
                        }
                    }
                }
            }
        }

        @Test(arguments: [
            ("5xx", 500, true), ("5xx", 599, true), ("5xx", 404, false), ("4xx,5xx", 404, true), ("4xx,5xx", 503, true),
            ("none", 500, false), ("none", 404, false), ("4xx,5xx", 302, false), ("5xx", 200, false),
        ])
        func `normalize decides which errors are replaced`(_ normalize: String, _ status: Int, _ isReplaced: Bool)
            async throws
        {
            try await withProxy(
                Self.failing(status, "Content-Type: text/html", "X-Powered: by"),
                more: Self.errors("normalize = \"\(normalize)\"")
            ) { gateway, upstream in
                for _ in 0..<2 {
                    let response = try await gateway.get("/a")
                    #expect(response.status == status)
                    #expect(response.text.contains("secret") != isReplaced)
                    #expect((response["X-Powered"] == nil) == isReplaced)
                    #expect(response.code == (isReplaced ? "upstream_error" : nil))
                    #expect(response["Proxy-Status"] == nil)
                    let id = try #require(response["X-Request-ID"])
                    #expect(response.text.contains(id) == isReplaced)
                }
                #expect(upstream.connections == 1)
            }
        }

        @Test func `fields that tell the client how to proceed are kept`() async throws {
            let kept = [
                "Retry-After: Sun, 06 Nov 2094 08:49:37 GMT", "WWW-Authenticate: Basic realm=\"a, b\"", "Allow: GET",
                "Set-Cookie: a=b", "Set-Cookie: c=d", "Vary: Cookie", "RateLimit: \"u\";r=0;t=9",
                "RateLimit-Policy: \"u\";q=1;w=9", "X-RateLimit-Limit: 1", "X-RateLimit-Remaining: 0",
                "X-RateLimit-Reset: 9", "Access-Control-Allow-Origin: https://app.example",
                "access-control-allow-credentials: true", "Access-Control-Expose-Headers: X-Own",
            ]
            let script = serving { _ in
                "HTTP/1.1 503 X\r\nContent-Length: 1\r\nX-Trace: at main.c:7\r\n"
                    + kept.map { $0 + "\r\n" }.joined() + "ETag: \"x\"\r\nCache-Control: max-age=60\r\n\r\nx"
            }
            try await withProxy(script) { gateway, _ in
                let response = try await gateway.get("/")
                for line in kept {
                    #expect(response.fields.contains { "\($0.name): \($0.value)" == line }, "\(line)")
                }
                #expect(response.all("Set-Cookie") == ["a=b", "c=d"])
                #expect(response.all("Cache-Control") == ["no-store"])
                #expect(response["X-Trace"] == nil)
                #expect(response["ETag"] == nil)
            }
        }

        @Test(arguments: [
            ("application/json", "[\"application/json\"]", true),
            ("APPLICATION/JSON;charset=utf-8", "[\"application/json\"]", true),
            ("text/csv", "[\"text/*\"]", true), ("application/json", "[]", false),
            ("application/problem+json", "[]", false),
            ("application/json-seq", "[\"application/json\"]", false), ("nonsense", "[\"*/*\"]", false),
            ("application/vnd.api+JSON; v=1", "[\"application/*+json\"]", true),
            ("application/+json", "[\"application/*+json\"]", false),
            ("text/x+json", "[\"application/*+json\"]", false),
        ])
        func `bodies of the types in pass are unchanged`(_ type: String, _ pass: String, _ passes: Bool) async throws {
            try await withProxy(
                Self.failing(500, "Content-Type: \(type)", body: "{\"a\":1}"),
                more: Self.errors("pass = \(pass)")
            ) { gateway, _ in
                let response = try await gateway.get("/")
                #expect(response.status == 500)
                #expect((response.text == "{\"a\":1}") == passes)
                #expect((response.code == "upstream_error") != passes)
            }
        }

        @Test(arguments: [
            ("application/json", true), ("application/problem+json", true), ("application/vnd.error+json", true),
            ("text/html", false), ("text/plain", false), ("application/xml", false),
            ("application/octet-stream", false),
        ])
        func `by default an API's JSON errors pass`(_ type: String, _ passes: Bool) async throws {
            try await withProxy(Self.failing(500, "Content-Type: \(type)", body: "[1]")) { gateway, _ in
                let response = try await gateway.get("/")
                #expect(response.status == 500)
                #expect((response.text == "[1]") == passes)
                #expect((response.code == "upstream_error") != passes)
            }
        }

        @Test(
            arguments: [
                ("{ \"title\": \"é\" }\n", "{ \"title\": \"é\" ,\"request_id\":\"ID\"}\n"),
                ("{}", "{\"request_id\":\"ID\"}"),
                ("{\"request_id\":\"own\"}", nil), ("{\"a\":1", nil), ("[]", nil), ("", nil), ("no JSON", nil),
            ] as [(String, String?)]
        )
        func `well formed problem details get the request ID`(_ body: String, _ expected: String?)
            async throws
        {
            for status in [500, 422] {
                try await withProxy(
                    Self.failing(status, "Content-Type: application/problem+json", "X-Own: 1", body: body)
                ) { gateway, _ in
                    let response = try await gateway.get("/")
                    let id = try #require(response["X-Request-ID"])
                    #expect(response.status == status)
                    #expect(response.text == expected?.replacing("ID", with: id) ?? body)
                    #expect(response["Content-Length"] == "\(response.body.count)")
                    #expect(response["X-Own"] == "1")
                }
            }
        }

        @Test(arguments: [
            "Content-Encoding: gzip", "Cache-Control: no-transform", "Content-Digest: sha-256=:x:", "Digest: md5=x",
        ])
        func `problem details that must not change are unchanged`(_ field: String) async throws {
            try await withProxy(
                Self.failing(500, "Content-Type: application/problem+json", field, body: "{}")
            ) { gateway, _ in
                let response = try await gateway.get("/")
                #expect(response.text == "{}")
            }
        }

        @Test func `large problem details pass unchanged, small chunked ones get the request ID`() async throws {
            let large = "{\"a\":\"" + String(repeating: "x", count: 20_000) + "\"}"
            try await withProxy(
                serving { request in
                    let head = "HTTP/1.1 500 X\r\nContent-Type: application/problem+json\r\n"
                    if request.target == "/large" {
                        return head + "Content-Length: \(large.utf8.count)\r\n\r\n" + large
                    }
                    return head + "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
                }
            ) { gateway, _ in
                #expect(try await gateway.get("/large").text == large)
                let response = try await gateway.get("/")
                #expect(response.text.hasPrefix("{\"request_id\":\""))
                #expect(response["Transfer-Encoding"] == nil)
            }
        }

        @Test func `HEAD has the head of the failed GET, without the body`() async throws {
            try await withProxy(Self.failing(500, "Content-Type: text/html", "Allow: GET")) { gateway, _ in
                let get = try await gateway.get("/")
                let head = try await gateway.exchange("HEAD / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                #expect(head.status == 500)
                for name in ["Content-Type", "Content-Length", "Cache-Control", "Allow"] {
                    #expect(head[name] == get[name], "\(name)")
                }
            }
            try await withProxy(Self.failing(500, "Content-Type: application/problem+json")) { gateway, _ in
                let head = try await gateway.exchange("HEAD / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                #expect(head["Content-Type"] == "application/problem+json")
                #expect(head["Content-Length"] == nil)
            }
        }

        @Test(arguments: [
            "Content-Length: 20\r\n\r\npart", "Transfer-Encoding: chunked\r\n\r\n4\r\npart\r\n",
            "Transfer-Encoding: chunked\r\n\r\nno size",
        ])
        func `an error with an incomplete body keeps its status`(_ rest: String) async throws {
            for isReset in [false, true] {
                let script: ScriptedUpstream.Script = { session in
                    _ = try await session.request()
                    try await session.send("HTTP/1.1 503 Busy\r\nRetry-After: 9\r\n" + rest)
                    if isReset { try await session.connection.reset() }
                }
                try await withProxy(script) { gateway, _ in
                    let response = try await gateway.get("/")
                    #expect(response.status == 503)
                    #expect(response["Retry-After"] == "9")
                    #expect(response.code == "upstream_error")
                }
            }
        }

        @Test func `an error whose body never arrives keeps its status`() async throws {
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.request()
                try await session.send("HTTP/1.1 500 No\r\nContent-Length: 20\r\n\r\npart")
                _ = try await session.connection.rest()
            }
            try await withProxy(script, route: "timeout = { idle = \"100ms\" }") { gateway, _ in
                let response = try await gateway.get("/")
                #expect(response.status == 500)
                #expect(response.code == "upstream_error")
            }
        }

        @Test func `an event stream with an error status is not collected`() async throws {
            let script = playing { session in
                _ = try await session.request()
                try await session.send(
                    "HTTP/1.1 500 X\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n:\r\n"
                )
                _ = try await session.connection.rest()
            }
            try await withProxy(script) { gateway, _ in
                let response = try await gateway.get("/")
                #expect(response.code == "upstream_error")
            }
        }

        @Test func `Proxy-Status can be switched off`() async throws {
            try await withProxy(serving { _ in ok() }, more: Self.errors("proxy_status = false")) { gateway, _ in
                let response = try await gateway.get("/..")
                #expect(response["Proxy-Status"] == nil)
            }
        }

        @Test func `each error has the client's request ID, if it is trusted`() async throws {
            try await withProxy(
                playing { _ = try await $0.request() },
                more: "[middleware.request_id]\naccept = \"always\"\naliases = [\"X-Correlation-ID\"]"
            ) { gateway, _ in
                for target in ["/", "/.."] {
                    let response = try await gateway.get(target, "X-Correlation-ID: mine")
                    #expect(response.text.contains("\"request_id\":\"mine\""))
                    #expect(response["X-Request-ID"] == "mine")
                    #expect(response["X-Correlation-ID"] == "mine")
                }
            }
        }
    }
}
