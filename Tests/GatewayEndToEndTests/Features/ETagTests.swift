import Testing

extension EndToEnd {
    /// Entity tags and conditional requests (RFC 9110 section 13).
    @Suite struct ETagTests {
        private static let modified = "Sun, 06 Nov 1994 08:49:37 GMT"
        private static let earlier = "Sat, 05 Nov 1994 08:49:37 GMT"

        /// An upstream that ignores conditions, and answers with these fields.
        private static func answering(_ fields: String..., body: String = "hello") -> ScriptedUpstream.Script {
            let lines = fields.map { $0 + "\r\n" }.joined()
            return serving { request in
                let head = "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\(lines)\r\n"
                return request.method == "HEAD" ? head : head + body
            }
        }

        @Test func `a small response gets a tag, and a request with that tag gets 304`() async throws {
            try await withProxy(
                Self.answering("Content-Type: text/plain", "Cache-Control: max-age=5", "Vary: Accept", "X-Own: 1")
            ) { gateway, upstream in
                let first = try await gateway.get("/")
                let tag = try #require(first["ETag"])
                #expect(tag.wholeMatch(of: /W\/"gw-[0-9a-f]{32}"/) != nil, "\(tag)")
                #expect(first.text == "hello")
                #expect(try await gateway.get("/")["ETag"] == tag)

                let second = try await gateway.get("/", "If-None-Match: \"x\", \(tag)")
                #expect(second.status == 304)
                #expect(second["ETag"] == tag)
                #expect(second["Cache-Control"] == "max-age=5")
                #expect(second["Vary"] == "Accept")
                #expect(second["X-Own"] == "1")
                #expect(second["Date"] != nil)
                #expect(second["X-Request-ID"] != nil)
                for name in ["Content-Length", "Content-Type", "Transfer-Encoding"] { #expect(second[name] == nil) }
                #expect(try await gateway.get("/", "If-None-Match: \"x\"").status == 200)
                // The bodies were read, so the connection was kept.
                #expect(upstream.connections == 1)
            }
        }

        @Test func `a 304 keeps the connections on both sides`() async throws {
            try await withProxy(Self.answering("ETag: \"a\"")) { gateway, upstream in
                let client = try await gateway.connect()
                for _ in 0..<3 {
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"a\"\r\n\r\n")
                    #expect(try await client.response().status == 304)
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    #expect(try await client.response().text == "hello")
                }
                client.close()
                #expect(upstream.connections == 1)
            }
        }

        @Test func `another body has another tag, and strength is configurable`() async throws {
            try await withProxy(
                serving { ok($0.target) },
                more: "[middleware.etag]\nstrength = \"strong\""
            ) { gateway, _ in
                let (a, b) = (try await gateway.get("/a")["ETag"], try await gateway.get("/b")["ETag"])
                #expect(a != b)
                #expect(a?.wholeMatch(of: /"gw-[0-9a-f]{32}"/) != nil)
                let tag = try #require(a)
                #expect(try await gateway.get("/a", "If-Match: \(tag)").status == 200)
                #expect(try await gateway.get("/a", "If-Match: \"x\"", "If-Match: \(tag)").status == 200)
                #expect(try await gateway.get("/b", "If-Match: \(tag)").status == 412)
                #expect(try await gateway.get("/a", "If-Match: W/\(tag)").status == 412)
            }
        }

        @Test(arguments: [
            "Set-Cookie: a=b", "Cache-Control: private, no-store", "Content-Type: text/event-stream; charset=utf-8",
        ])
        func `some responses get no tag`(_ field: String) async throws {
            try await withProxy(Self.answering(field)) { gateway, _ in
                let response = try await gateway.get("/")
                #expect(response["ETag"] == nil)
                #expect(response.text == "hello")
            }
        }

        @Test(arguments: [
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-4/9\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello",
        ])
        func `only complete 200 responses of known length get a tag`(_ answer: String) async throws {
            try await withProxy(serving { _ in answer }) { gateway, _ in
                let response = try await gateway.get("/", "If-None-Match: \"a\"")
                #expect(response["ETag"] == nil)
                #expect(response.text == "hello")
            }
        }

        @Test func `a response larger than max_body streams through`() async throws {
            let toml = "[middleware.etag]\nmax_body = \"10B\""
            try await withProxy(serving { ok(String(repeating: "x", count: $0.target.utf8.count)) }, more: toml) {
                gateway,
                _ in
                let (larger, fitting) = (try await gateway.get("/3456789012"), try await gateway.get("/345678901"))
                #expect(larger["ETag"] == nil)
                #expect(fitting["ETag"] != nil)
            }
        }

        @Test(arguments: [
            (["If-None-Match: \"a\""], 304), (["If-None-Match: W/\"a\""], 304), (["If-None-Match: \"b\""], 200),
            (["If-None-Match: *"], 304), (["If-None-Match: \"b\"", "If-None-Match: \"a\""], 304),
            (["If-Modified-Since: \(modified)"], 304), (["If-Modified-Since: \(earlier)"], 200),
            (["If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT"], 304), (["If-Modified-Since: soon"], 200),
            (["If-None-Match: \"b\"", "If-Modified-Since: \(modified)"], 200),
            (["If-Match: \"a\""], 200), (["If-Match: W/\"a\""], 412), (["If-Match: \"b\", \"c\""], 412),
            (["If-Match: *"], 200), (["If-Unmodified-Since: \(earlier)"], 412),
            (["If-Unmodified-Since: \(modified)"], 200), (["If-Match: \"a\"", "If-None-Match: \"a\""], 304),
            (["If-Match: \"b\"", "If-None-Match: \"a\""], 412),
        ])
        func `an upstream's validators are used, for GET and HEAD alike`(
            _ conditions: [String],
            _ status: Int
        ) async throws {
            let script = Self.answering(
                "ETag: \"a\"",
                "Last-Modified: \(Self.modified)",
                "Content-Type: text/plain",
                "Content-Language: en"
            )
            let lines = conditions.map { $0 + "\r\n" }.joined()
            try await withProxy(script) { gateway, _ in
                for method in ["GET", "HEAD"] {
                    let response = try await gateway.exchange("\(method) / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n")
                    #expect(response.status == status, "\(method)")
                    #expect(response["X-Request-ID"] != nil)
                    switch status {
                    case 200:
                        #expect(response["ETag"] == "\"a\"")
                        #expect(response["Content-Length"] == "5")
                    case 304:
                        #expect(response["ETag"] == "\"a\"")
                        // Ignored, because there is a tag.
                        for name in ["Content-Length", "Content-Type", "Content-Language", "Last-Modified"] {
                            #expect(response[name] == nil, "\(name)")
                        }
                    default:
                        #expect(response["Content-Type"] == "application/problem+json")
                        if method == "GET" { #expect(response.code == "precondition_failed") }
                    }
                }
            }
        }

        @Test func `conditions of other methods are forwarded`() async throws {
            try await withProxy(Self.answering("ETag: \"a\"")) { gateway, upstream in
                for method in ["POST", "PUT", "DELETE"] {
                    let response = try await gateway.exchange(
                        "\(method) / HTTP/1.1\r\nHost: a\r\nIf-Match: \"gw-\(String(repeating: "0", count: 32))\"\r\n"
                            + "If-None-Match: \"a\"\r\nContent-Length: 0\r\n\r\n"
                    )
                    #expect(response.status == 200)
                    #expect(upstream.requests.last?["If-Match"] != nil)
                    #expect(upstream.requests.last?["If-None-Match"] == "\"a\"")
                }
            }
        }

        @Test func `a large or endless body is not read only to answer 304`() async throws {
            let script = playing { session in
                _ = try await session.request()
                try await session.send("HTTP/1.1 200 OK\r\nETag: \"a\"\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")
                _ = try await session.connection.rest()
            }
            try await withProxy(script) { gateway, upstream in
                let response = try await gateway.get("/", "If-None-Match: \"a\"")
                #expect(response.status == 304)
                #expect(response["ETag"] == "\"a\"")
                #expect(response["Transfer-Encoding"] == nil)
                try await eventually("the upstream connection closes") { upstream.openConnections == 0 }
            }
        }

        @Test func `If-Range is forwarded with an upstream's tag, never with the gateway's (RFC 9110 section 13.1.5)`()
            async throws
        {
            try await withProxy(Self.answering()) { gateway, upstream in
                let tag = try #require(try await gateway.get("/")["ETag"]).dropFirst(2)
                _ = try await gateway.get("/", "Range: bytes=0-1", "If-Range: \(tag)")
                #expect(upstream.requests.last?["Range"] == nil)
                #expect(upstream.requests.last?["If-Range"] == nil)
                let same = try await gateway.get("/", "Range: bytes=0-1", "If-None-Match: W/\(tag)")
                #expect(same.status == 304)
                #expect(upstream.requests.last?["Range"] == nil)
                let other = try await gateway.get("/", "Range: bytes=0-1", "If-Match: \(tag)")
                #expect(other.status == 412)
                #expect(upstream.requests.last?["Range"] == nil)
                _ = try await gateway.get("/", "Range: bytes=0-1", "If-Range: \"a\"")
                #expect(upstream.requests.last?["Range"] == "bytes=0-1")
                #expect(upstream.requests.last?["If-Range"] == "\"a\"")
                _ = try await gateway.get("/", "If-Match: \(tag)")
                #expect(upstream.requests.last?["If-Match"] == nil)
                _ = try await gateway.get("/", "If-Match: \"a\"")
                #expect(upstream.requests.last?["If-Match"] == "\"a\"")
            }
        }

        @Test func `an upstream's 304 and 412 are forwarded`() async throws {
            try await withProxy(
                serving { request in
                    request["If-Match"] == nil
                        ? "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n"
                        : "HTTP/1.1 412 Precondition Failed\r\nContent-Length: 2\r\n\r\nno"
                }
            ) { gateway, _ in
                let unchanged = try await gateway.get("/", "If-None-Match: \"a\"")
                #expect(unchanged.status == 304)
                let changed = try await gateway.get("/", "If-Match: \"b\"")
                #expect(changed.text == "no")
            }
        }

        @Test func `a local response has a tag too`() async throws {
            try await withGateway("[[routes]]\npath = \"/a\"\nrespond = { status = 200, body = \"hello\" }") {
                gateway in
                let tag = try #require(try await gateway.get("/a")["ETag"])
                #expect(try await gateway.get("/a", "If-None-Match: \(tag)").status == 304)
                let head = try await gateway.exchange("HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(head.status == 200)
                #expect(head["Content-Length"] == "5")
            }
        }

        @Test func `when switched off, it neither adds tags nor evaluates conditions`() async throws {
            try await withProxy(Self.answering("ETag: \"a\""), more: "[middleware]\netag = false") { gateway, _ in
                let response = try await gateway.get("/", "If-None-Match: \"a\"")
                #expect(response.status == 200)
            }
        }

        @Test(arguments: [
            ("", 502, "upstream_reset"), ("[middleware.timeout]\nidle = \"50ms\"", 504, "upstream_timeout"),
        ])
        func `a short body that arrives incomplete is an error`(_ more: String, _ status: Int, _ code: String)
            async throws
        {
            let script = playing { session in
                _ = try await session.request()
                try await session.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\npart")
                if status == 504 { _ = try await session.connection.rest() }
            }
            try await withProxy(script, more: more) { gateway, _ in
                let response = try await gateway.get("/")
                #expect(response.status == status)
                #expect(response.code == code)
                #expect(!response.text.contains("part"))
            }
        }
    }
}
