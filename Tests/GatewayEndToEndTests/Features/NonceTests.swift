import Testing

@testable import GatewayMiddlewares

extension EndToEnd {
    /// A nonce for each response, in its policy and on its scripts.
    @Suite struct NonceTests {
        private static let html = "Content-Type: text/html"
        private static let page = "<!doctype html><title>x</title><script>a</script><style>b{}</style><p>é"

        private static func settings(_ mode: String) -> String {
            """
            [middleware.security_headers.csp]
            nonce = "\(mode)"
            policy = "script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'"
            report_only = "script-src 'nonce-{nonce}'"
            """
        }

        private static func nonce(of response: Message) throws -> String {
            let policy = try #require(response["Content-Security-Policy"])
            let match = try #require(policy.firstMatch(of: /'nonce-([A-Za-z0-9+\/]{24})'/))
            let nonce = String(match.1)
            #expect(policy == "script-src 'nonce-\(nonce)'; style-src 'nonce-\(nonce)'")
            #expect(response["Content-Security-Policy-Report-Only"] == "script-src 'nonce-\(nonce)'")
            return nonce
        }

        @Test(arguments: ["header", "html"])
        func `each response has a new nonce, which the upstream receives`(mode: String) async throws {
            try await withProxy(
                serving { _ in
                    ok(
                        "",
                        Self.html,
                        "ETag: \"a\"",
                        "Last-Modified: x",
                        "Cache-Control: public",
                        "CDN-Cache-Control: a"
                    )
                },
                server: "trusted_proxies = [\"127.0.0.1/32\"]",
                more: Self.settings(mode)
            ) { gateway, upstream in
                var seen: Set<String> = []
                for _ in 0..<5 {
                    let response = try await gateway.get("/", "X-CSP-Nonce: forged", "Accept: text/html")
                    let nonce = try Self.nonce(of: response)
                    #expect(upstream.requests.last?.all("X-CSP-Nonce") == [nonce])
                    #expect(response.all("Cache-Control") == ["private, no-store"])
                    for name in ["ETag", "Last-Modified", "CDN-Cache-Control"] { #expect(response[name] == nil) }
                    seen.insert(nonce)
                }
                #expect(seen.count == 5)
            }
        }

        private static let conditions = [
            "If-None-Match: *", "If-Match: \"a\"", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT",
            "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT", "If-Range: \"a\"", "Range: bytes=0-1",
        ]

        @Test(
            arguments: ["GET", "HEAD", "PUT"],
            ["Accept: text/html;q=0.9, */*", "Sec-Fetch-Dest: document", "Sec-Fetch-Dest: iframe\r\nAccept: a"]
        )
        func `conditions, ranges and codings are dropped for pages`(method: String, page: String) async throws {
            try await withProxy(serving { _ in ok() }, more: Self.settings("header")) { gateway, upstream in
                let fields = (Self.conditions + ["Accept-Encoding: br", page]).joined(separator: "\r\n")
                let response = try await gateway.exchange("\(method) / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n")
                #expect(response.status == 200)
                let request = try #require(upstream.requests.first)
                for condition in Self.conditions {
                    let name = String(condition.prefix { $0 != ":" })
                    #expect((request[name] == nil) == (method != "PUT"), "\(name)")
                }
                #expect(request["Accept-Encoding"] == nil)
            }
        }

        @Test(arguments: [
            "Accept: */*", "Accept: text/htmlx, application/xhtml+xml", "Sec-Fetch-Dest: script",
            "Sec-Fetch-Dest: empty\r\nAccept: text/html", "Sec-Fetch-Dest: image", "Sec-Fetch-Dest: documents", "X: y",
        ])
        func `other requests keep conditions, ranges and codings`(fields: String) async throws {
            try await withProxy(serving { _ in ok() }, more: Self.settings("html")) { gateway, upstream in
                for condition in Self.conditions {
                    _ = try await gateway.get("/", condition, "Accept-Encoding: br", fields)
                    let request = try #require(upstream.requests.last)
                    let name = String(condition.prefix { $0 != ":" })
                    // Without Range, If-Range would have no meaning.
                    #expect(request[name] == String(condition.dropFirst(name.count + 2)), "\(name)")
                    #expect(request["Accept-Encoding"] == "br")
                    #expect(request["X-CSP-Nonce"] != nil)
                }
            }
        }

        @Test(arguments: ["application/json", "text/css", "image/svg+xml", "text/plain"], ["header", "html"])
        func `a response other than HTML keeps its caching, tag and length`(type: String, mode: String) async throws {
            let date = "Sun, 06 Nov 1994 08:49:37 GMT"
            let fields = "Content-Type: \(type)\r\nETag: \"a\"\r\nLast-Modified: \(date)\r\nCache-Control: max-age=60"
            try await withProxy(serving { _ in ok(Self.page, fields) }, more: Self.settings(mode)) { gateway, _ in
                for accept in ["Accept: text/html", "Accept: */*"] {
                    let response = try await gateway.get("/", accept)
                    #expect(response.text == Self.page)
                    #expect(response["Content-Length"] == "\(Self.page.utf8.count)")
                    #expect(response["ETag"] == "\"a\"")
                    #expect(response["Last-Modified"] == date)
                    #expect(response.all("Cache-Control") == ["max-age=60"])
                    #expect(response["Content-Security-Policy"] == "script-src 'none'; style-src 'none'")
                }
                let known = try await gateway.get("/", "Accept: */*", "If-None-Match: \"a\"")
                #expect(known.status == 304)
                #expect(known["ETag"] == "\"a\"")
                #expect(known.all("Cache-Control") == ["max-age=60"])
            }
        }

        @Test(arguments: ["length", "chunked", "close"])
        func `scripts and styles of a page get the nonce`(framing: String) async throws {
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.request()
                let head = "HTTP/1.1 200 OK\r\n\(Self.html)\r\nAccept-Ranges: bytes\r\nContent-MD5: x\r\n"
                switch framing {
                case "length":
                    try await session.send("\(head)Content-Length: \(Self.page.utf8.count)\r\n\r\n\(Self.page)")
                case "chunked":
                    let pieces = Self.page.unicodeScalars.map {
                        "\(String(String($0).utf8.count, radix: 16))\r\n\($0)\r\n"
                    }
                    try await session.send("\(head)Transfer-Encoding: chunked\r\n\r\n\(pieces.joined())0\r\n\r\n")
                default: try await session.send("\(head)Connection: close\r\n\r\n", Self.page)
                }
            }
            try await withProxy(script, more: Self.settings("html")) { gateway, _ in
                let response = try await gateway.get("/")
                let nonce = try Self.nonce(of: response)
                let expected = Self.page.replacing("<script", with: "<script nonce=\"\(nonce)\"")
                    .replacing("<style", with: "<style nonce=\"\(nonce)\"")
                #expect(response.text == expected)
                #expect(response["Content-Length"] == nil)
                #expect(response["Accept-Ranges"] == nil)
                #expect(response["Content-MD5"] == nil)
            }
        }

        @Test(arguments: [
            "Content-Type: text/html\r\nContent-Encoding: gzip", "Content-Type: text/html; charset=\"UTF-16LE\"",
        ])
        func `HTML that cannot be parsed passes unchanged`(fields: String) async throws {
            try await withProxy(serving { _ in ok(Self.page, fields) }, more: Self.settings("html")) { gateway, _ in
                let response = try await gateway.get("/")
                #expect(response.text == Self.page)
                _ = try Self.nonce(of: response)
            }
        }

        @Test func `HEAD has no length, since the nonce changes that of the page`() async throws {
            let answer = "HTTP/1.1 200 OK\r\n\(Self.html)\r\nContent-Length: 5\r\n\r\n"
            try await withProxy(serving { _ in answer }, more: Self.settings("html")) { gateway, _ in
                let response = try await gateway.exchange("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(response["Content-Length"] == nil)
                _ = try Self.nonce(of: response)
            }
        }

        @Test func `local pages have a nonce too`() async throws {
            let toml = """
                [[routes]]
                path = "/a"
                respond = { status = 200, body = "<script>", headers = { "Content-Type" = "text/html" } }
                \(Self.settings("html"))
                """
            try await withGateway(toml) { gateway in
                let page = try await gateway.get("/a")
                let nonce = try Self.nonce(of: page)
                #expect(page.text == "<script nonce=\"\(nonce)\">")
                let error = try await gateway.get("/b")
                #expect(error.status == 404)
                #expect(error.all("Cache-Control") == ["no-store"])
                #expect(error["Content-Security-Policy"] == "script-src 'none'; style-src 'none'")
            }
        }
    }
}
