import NIOConcurrencyHelpers
import Testing

extension EndToEnd {
    /// What clients get from the cache, and what it learns on the way.
    @Suite struct CacheServingTests {
        private static let fresh = "Cache-Control: max-age=60"
        private static let stale = "Cache-Control: max-age=0"

        private static func withCache<R>(
            _ settings: String = "",
            _ answer: @escaping @Sendable (Message) async throws -> String,
            _ body: (RunningGateway, ScriptedUpstream) async throws -> R
        ) async throws -> R {
            try await withProxy(serving(answer), more: "[routes.cache]\n\(settings)", body)
        }

        private static func head(_ target: String, _ gateway: RunningGateway) async throws -> Message {
            try await gateway.exchange("HEAD \(target) HTTP/1.1\r\nHost: a.example\r\n\r\n")
        }

        /// Waits until what was fetched is stored.
        private static func fill(_ target: String, _ gateway: RunningGateway) async throws {
            _ = try await gateway.get(target)
            try await eventuallyAsync("the response is stored") {
                (try? await gateway.get(target, "Cache-Control: only-if-cached"))?.status == 200
            }
        }

        // MARK: HEAD

        private static func answeringHead(_ lines: String) -> @Sendable (Message) async throws -> String {
            { request in
                switch request.method {
                case "HEAD": "HTTP/1.1 200 OK\r\n\(lines)\r\n\r\n"
                default:
                    request["if-none-match"] == nil
                        ? ok("page", Self.fresh, "ETag: \"1\"") : "HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n"
                }
            }
        }

        @Test func `a HEAD freshens the stored response that it confirms`() async throws {
            let lines = "Cache-Control: max-age=90\r\nContent-Length: 4\r\nETag: \"1\"\r\nX-New: 1"
            try await Self.withCache("ignore_client = false", Self.answeringHead(lines)) { gateway, upstream in
                try await Self.fill("/a", gateway)
                let head = "HEAD /a HTTP/1.1\r\nHost: a.example\r\nCache-Control: no-cache\r\n\r\n"
                #expect(try await gateway.exchange(head)["cache-status"] == "gateway; fwd=request")
                let hit = try await gateway.get("/a")
                #expect(hit["cache-status"]?.contains("hit; ttl=90") == true)
                #expect(hit["x-new"] == "1")
                #expect(hit.text == "page")
                #expect(upstream.requests.count == 2)
            }
        }

        @Test(arguments: ["Content-Length: 5", "ETag: \"2\"", "Last-Modified: Fri, 01 Jan 2021 00:00:00 GMT"])
        func `a HEAD makes stale what it shows changed`(_ line: String) async throws {
            let script = Self.answeringHead("Cache-Control: max-age=90\r\n\(line)")
            try await Self.withCache("ignore_client = false", script) { gateway, upstream in
                try await Self.fill("/a", gateway)
                _ = try await gateway.exchange("HEAD /a HTTP/1.1\r\nHost: a.example\r\nCache-Control: no-cache\r\n\r\n")
                let response = try await gateway.get("/a")
                #expect(response["cache-status"]?.contains("fwd=stale; fwd-status=304") == true)
                #expect(upstream.requests.map(\.method) == ["GET", "HEAD", "GET"])
            }
        }

        // MARK: Location

        @Test(arguments: ["http://UPSTREAM/x?y", "http://a.example/x?y"])
        func `each client gets Location with the host that it used`(_ location: String) async throws {
            let settings = "key_host = false"
            try await Self.withCache(settings) { request in
                let location = location.replacing("UPSTREAM", with: request["host"] ?? "")
                return "HTTP/1.1 301 Moved\r\nLocation: \(location)\r\n\(Self.fresh)\r\nContent-Length: 0\r\n\r\n"
            } _: { gateway, upstream in
                for host in ["a.example", "b.example:81", "c.example"] {
                    let response = try await gateway.exchange("GET /a HTTP/1.1\r\nHost: \(host)\r\n\r\n")
                    #expect(response["location"] == "http://\(host)/x?y")
                }
                #expect(upstream.requests.count == 1)
            }
        }

        @Test func `a Location at another host stays`() async throws {
            try await Self.withCache("key_host = false") { _ in
                "HTTP/1.1 301 Moved\r\nLocation: http://z.example/x\r\n\(Self.fresh)\r\nContent-Length: 0\r\n\r\n"
            } _: { gateway, _ in
                for host in ["a.example", "b.example"] {
                    let response = try await gateway.exchange("GET /a HTTP/1.1\r\nHost: \(host)\r\n\r\n")
                    #expect(response["location"] == "http://z.example/x")
                }
            }
        }

        // MARK: Reasons

        @Test(arguments: [
            ("Cache-Control: private", "private"), ("Cache-Control: no-store", "no-store"),
            ("Cache-Control: max-age=9\r\nSet-Cookie: a=b", "set-cookie"),
            ("Cache-Control: max-age=9\r\nVary: *", "vary"),
            ("Cache-Control: max-age=9\r\nContent-Type: text/event-stream", "event-stream"),
        ])
        func `Cache-Status tells why a response is not stored`(_ fields: String, _ detail: String) async throws {
            try await Self.withCache("") { _ in
                ok("page", fields)
            } _: { gateway, upstream in
                for _ in 0..<2 {
                    let response = try await gateway.get("/a")
                    #expect(response["cache-status"] == "gateway; fwd=uri-miss; detail=\(detail)")
                }
                #expect(upstream.requests.count == 2)
            }
        }

        @Test func `Cache-Status tells that a response has no lifetime`() async throws {
            try await Self.withCache { _ in
                "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"
            } _: { gateway, _ in
                let response = try await gateway.get("/a")
                #expect(response["cache-status"] == "gateway; fwd=uri-miss; detail=no-lifetime")
            }
        }

        @Test func `a cookie of the gateway is for one client, whatever the upstream says`() async throws {
            let script = serving { _ in ok("page", "CDN-Cache-Control: public, max-age=60") }
            let upstream = "balance = \"hash\"\nhash_key = \"cookie:side\"\nset_cookie = true"
            try await withProxy(script, upstream: upstream, route: "cache = {}") { gateway, upstream in
                var cookies: Set<String> = []
                for _ in 0..<2 {
                    let response = try await gateway.get("/a")
                    #expect(response["cache-status"] == "gateway; fwd=uri-miss; detail=set-cookie")
                    cookies.insert(response["set-cookie"] ?? "")
                }
                #expect(cookies.count == 2)
                #expect(upstream.requests.count == 2)
            }
        }

        @Test func `Cache-Status tells why a request bypasses the cache`() async throws {
            try await Self.withCache("ignore_client = false") { _ in
                ok("page", Self.fresh)
            } _: { gateway, _ in
                for (fields, status) in [
                    ("X-Original-URL: /b", "fwd=bypass; detail=override-field"),
                    ("Content-Length: 1\r\n\r\nx", "fwd=bypass; detail=body"),
                    ("Cache-Control: no-store", "fwd=bypass; detail=no-store"),
                ] {
                    #expect(try await gateway.get("/a", fields)["cache-status"] == "gateway; \(status)")
                }
                let post = "POST /a HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n"
                #expect(try await gateway.exchange(post)["cache-status"] == "gateway; fwd=method")
                let cookie = try await gateway.get("/c", "Cookie: a=b")
                #expect(cookie["cache-status"] == "gateway; fwd=uri-miss; detail=credentials")
            }
        }

        @Test func `Cache-Status tells that a body is too large`() async throws {
            let body = String(repeating: "x", count: 2000)
            try await Self.withCache("max_object = \"1KiB\"") { _ in
                ok(body, Self.fresh)
            } _: { gateway, _ in
                for _ in 0..<2 {
                    let response = try await gateway.get("/a")
                    #expect(response["cache-status"] == "gateway; fwd=uri-miss; detail=too-large")
                }
            }
        }

        // MARK: Ranges and conditions

        @Test func `a range after the end is an error that tells the length`() async throws {
            try await Self.withCache("") { _ in
                ok("0123456789", Self.fresh, "ETag: \"1\"")
            } _: { gateway, upstream in
                for _ in 0..<2 {
                    let response = try await gateway.get("/a", "Range: bytes=10-")
                    #expect(response.status == 416)
                    #expect(response["content-range"] == "bytes */10")
                    #expect(response["content-type"] == "application/problem+json")
                    #expect(response["etag"] == nil)
                    #expect(response.code == "range_not_satisfiable")
                }
                #expect(upstream.requests.count == 1)
                #expect(try await gateway.get("/a", "Range: bytes=10-", "If-Range: \"0\"").status == 200)
            }
        }

        @Test func `several ranges of a stored body are one multipart response`() async throws {
            try await Self.withCache("") { _ in
                ok("0123456789", Self.fresh, "Content-Type: text/x")
            } _: { gateway, _ in
                try await Self.fill("/a", gateway)
                let response = try await gateway.get("/a", "Range: bytes=0-1,-2")
                #expect(response.status == 206)
                let type = try #require(response["content-type"])
                let boundary = try #require(type.split(separator: "boundary=").last)
                func part(_ range: String, _ text: String) -> String {
                    "\r\n--\(boundary)\r\nContent-Type: text/x\r\nContent-Range: bytes \(range)/10\r\n\r\n\(text)"
                }
                #expect(response.text == part("0-1", "01") + part("8-9", "89") + "\r\n--\(boundary)--\r\n")
                #expect(response["content-length"] == "\(response.text.utf8.count)")
            }
        }

        @Test(arguments: [("ranges = true", "bytes"), ("ranges = false", nil)] as [(String, String?)])
        func `a stored response says whether parts of it are served`(_ setting: String, _ value: String?) async throws {
            try await Self.withCache(setting) { _ in
                ok("page", Self.fresh)
            } _: { gateway, _ in
                #expect(try await gateway.get("/a")["accept-ranges"] == value)
                try await Self.fill("/a", gateway)
                #expect(try await gateway.get("/a")["accept-ranges"] == value)
                #expect(try await gateway.get("/a", "Range: bytes=0-0").status == (value == nil ? 200 : 206))
            }
        }

        @Test func `what the upstream says about ranges stays`() async throws {
            try await Self.withCache("") { _ in
                ok("page", Self.fresh, "Accept-Ranges: none")
            } _: { gateway, _ in
                try await Self.fill("/a", gateway)
                #expect(try await gateway.get("/a")["accept-ranges"] == "none")
            }
        }

        @Test func `without Last-Modified, If-Modified-Since compares with Date`() async throws {
            let date = "Date: Fri, 01 Jan 2021 00:00:10 GMT"
            try await Self.withCache("") { _ in
                ok("page", Self.fresh, date)
            } _: { gateway, _ in
                try await Self.fill("/a", gateway)
                for (second, status) in [("09", 200), ("10", 304), ("11", 304)] {
                    let since = "If-Modified-Since: Fri, 01 Jan 2021 00:00:\(second) GMT"
                    #expect(try await gateway.get("/a", since).status == status)
                }
            }
        }

        // MARK: 304

        @Test func `a field of a 304 that is for one client is not stored`() async throws {
            let script: @Sendable (Message) -> String = { request in
                request["if-none-match"] == nil
                    ? ok("page", "Cache-Control: max-age=0", "ETag: \"1\"")
                    : "HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\nX-User: me\r\nX-New: 1\r\n"
                        + "Cache-Control: max-age=60, private=\"X-User\"\r\n\r\n"
            }
            try await Self.withCache("", script) { gateway, _ in
                _ = try await gateway.get("/a")
                try await eventuallyAsync("the response is confirmed") {
                    (try? await gateway.get("/a"))?["x-new"] == "1"
                }
                let hit = try await gateway.get("/a")
                #expect(hit["cache-status"]?.hasPrefix("gateway; hit; ttl=") == true)
                #expect(hit["x-new"] == "1")
                #expect(hit["x-user"] == nil)
            }
        }

        @Test(arguments: ["private", "no-store"])
        func `what a 304 forbids to store is dropped once the client has it`(_ directive: String) async throws {
            let script: @Sendable (Message) -> String = { request in
                request["if-none-match"] == nil
                    ? ok("page", "Cache-Control: max-age=0", "ETag: \"1\"")
                    : "HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\nCache-Control: \(directive)\r\n\r\n"
            }
            try await Self.withCache("", script) { gateway, upstream in
                _ = try await gateway.get("/a")
                try await eventuallyAsync("the response is confirmed and dropped") {
                    let response = try? await gateway.get("/a")
                    return response?["cache-status"]
                        == "gateway; fwd=stale; fwd-status=304; detail=\(directive)" && response?.text == "page"
                }
                let before = upstream.requests.count
                let next = try await gateway.get("/a")
                #expect(next.text == "page")
                #expect(next["cache-status"]?.contains("fwd=uri-miss; stored") == true)
                #expect(upstream.requests.count == before + 1)
                #expect(upstream.requests.last?["if-none-match"] == nil)
            }
        }
    }
}
