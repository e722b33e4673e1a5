import Gateway
import NIOConcurrencyHelpers
import Testing

extension EndToEnd {
    /// `[middleware.mirror]`.
    @Suite struct MirrorTests {
        private static func toml(
            _ main: ScriptedUpstream,
            _ next: String,
            settings: String = "",
            route: String = ""
        ) -> String {
            """
            [admin]
            expose = ["/metrics"]
            [upstreams.api]
            targets = ["\(main.url)"]
            [upstreams.next]
            targets = ["\(next)"]
            [[routes]]
            name = "all"
            path = "/*"
            upstream = "api"
            \(route)
            [routes.mirror]
            upstream = "next"
            \(settings)
            """
        }

        /// Runs a gateway in front of an upstream that answers, and mirrors to one that follows `script`.
        private static func withMirror<R>(
            _ script: @escaping ScriptedUpstream.Script = serving { _ in ok("dropped") },
            settings: String = "",
            route: String = "",
            workers: Int = 1,
            body: (RunningGateway, ScriptedUpstream, ScriptedUpstream) async throws -> R
        ) async throws -> R {
            try await withUpstream(serving { ok("main " + $0.text) }) { main in
                try await withUpstream(script) { next in
                    let toml = Self.toml(main, next.url, settings: settings, route: route)
                    return try await withGateway(toml, workers: workers) { try await body($0, main, next) }
                }
            }
        }

        private static func count(_ result: String, of gateway: RunningGateway) async throws -> Int {
            let name = "gateway_mirror_requests_total{upstream=\"next\",result=\"\(result)\"} "
            let metrics = try await gateway.get("/metrics")
            let line = metrics.text.split(separator: "\n").first { $0.hasPrefix(name) }
            return line.flatMap { Int($0.dropFirst(name.count)) } ?? -1
        }

        /// Waits until a counter has a value.
        private static func wait(for result: String, _ count: Int, of gateway: RunningGateway) async throws {
            try await eventuallyAsync("\(count) copies with the result \(result)") {
                (try? await self.count(result, of: gateway)) == count
            }
        }

        @Test func `a copy has the method, path, fields and body of the original, and a mark`() async throws {
            try await Self.withMirror(route: "strip_prefix = \"/v1\"") { gateway, main, next in
                let request =
                    "PUT /v1/users/7?a=b HTTP/1.1\r\nHost: a.example\r\nX-Custom: 1\r\nX-Gateway-Mirror: forged\r\n"
                    + "Content-Length: 5\r\n\r\nhello"
                let response = try await gateway.exchange(request)
                #expect(response.text == "main hello")
                try await eventually("the copy was received") { next.requests.count == 1 }
                let (original, copy) = (main.requests[0], next.requests[0])
                #expect(copy.startLine == original.startLine)
                #expect(copy.startLine == "PUT /users/7?a=b HTTP/1.1")
                #expect(copy.text == "hello")
                #expect(copy["x-gateway-mirror"] == "1")
                #expect(original["x-gateway-mirror"] == nil)
                for name in ["host", "x-custom", "content-length", "x-request-id", "via", "x-forwarded-for"] {
                    #expect(copy[name] != nil && copy[name] == original[name], "\(name)")
                }
                try await Self.wait(for: "ok", 1, of: gateway)
            }
        }

        @Test func `a request without a body and one with a chunked body are copied too`() async throws {
            try await Self.withMirror { gateway, main, next in
                _ = try await gateway.get("/a")
                try await eventually("the first copy was received") { next.requests.count == 1 }
                #expect(next.requests[0]["content-length"] == nil)
                let chunked =
                    "POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
                _ = try await gateway.exchange(chunked)
                try await eventually("the second copy was received") { next.requests.count == 2 }
                #expect(main.requests[1]["transfer-encoding"] == "chunked")
                #expect(next.requests[1].text == "abcde")
                #expect(next.requests[1]["content-length"] == "5")
            }
        }

        @Test func `the original keeps its Content-Length`() async throws {
            try await Self.withMirror { gateway, main, _ in
                _ = try await gateway.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
                #expect(main.requests[0]["content-length"] == "2")
                #expect(main.requests[0]["transfer-encoding"] == nil)
            }
        }

        @Test func `larger bodies are not copied, whether their length is known or not`() async throws {
            try await Self.withMirror(settings: "max_body = \"4B\"") { gateway, main, next in
                _ = try await gateway.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
                let chunked =
                    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
                let response = try await gateway.exchange(chunked)
                #expect(response.text == "main abcde")
                try await Self.wait(for: "too_large", 2, of: gateway)
                #expect(main.requests.count == 2)
                #expect(next.connections == 0)
            }
        }

        @Test(arguments: ["hangs", "resets", "is malformed", "fails"])
        func `a mirror that does not work is not noticed by clients`(how: String) async throws {
            let script = playing { session in
                _ = try await session.request()
                switch how {
                case "hangs": while true { _ = try await session.request() }
                case "is malformed": try await session.send("SSH-2.0-none\r\n\r\n")
                case "fails": try await session.send("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n")
                default: break
                }
            }
            let route = how == "hangs" ? "timeout = { first_byte = \"300ms\" }" : ""
            try await Self.withMirror(script, route: route) { gateway, _, _ in
                for _ in 0..<3 {
                    let response = try await gateway.get("/")
                    #expect(response.status == 200 && response.text == "main ")
                }
                try await Self.wait(for: how == "hangs" ? "timeout" : "error", 3, of: gateway)
            }
        }

        @Test func `a mirror that refuses connections is not noticed by clients`() async throws {
            let closed = try await withUpstream(serving { _ in ok() }) { $0.url }
            try await withUpstream(serving { _ in ok("main") }) { main in
                try await withGateway(Self.toml(main, closed)) { gateway in
                    let response = try await gateway.get("/")
                    #expect(response.text == "main")
                    try await Self.wait(for: "error", 1, of: gateway)
                }
            }
        }

        @Test func `copies over max_in_flight are dropped`() async throws {
            let go = Signal()
            let script = serving { _ in
                try await go.wait()
                return ok()
            }
            try await Self.withMirror(script, settings: "max_in_flight = 2", workers: 2) { gateway, _, next in
                for _ in 0..<5 { _ = try await gateway.get("/") }
                try await Self.wait(for: "dropped", 3, of: gateway)
                go.fire()
                try await Self.wait(for: "ok", 2, of: gateway)
                _ = try await gateway.get("/")
                try await Self.wait(for: "ok", 3, of: gateway)
                #expect(next.requests.count == 3)
            }
        }

        @Test func `percent is the share of requests that are copied`() async throws {
            try await Self.withMirror(settings: "percent = 0") { gateway, main, next in
                for _ in 0..<20 { _ = try await gateway.get("/") }
                #expect(main.requests.count == 20)
                #expect(next.connections == 0)
            }
            try await Self.withMirror(settings: "percent = 50.5") { gateway, main, next in
                for _ in 0..<60 { _ = try await gateway.get("/") }
                try await eventually("copies were received") { !next.requests.isEmpty }
                #expect(next.requests.count < main.requests.count)
            }
        }

        @Test func `a mirror of the route's own upstream has its own connections`() async throws {
            try await withUpstream(serving { ok($0["X-Gateway-Mirror"] ?? "original") }) { main in
                let toml = Self.toml(main, main.url).replacing("upstream = \"next\"", with: "upstream = \"api\"")
                try await withGateway(toml) { gateway in
                    let client = try await gateway.connect()
                    for _ in 0..<3 {
                        try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                        let response = try await client.response()
                        #expect(response.text == "original")
                    }
                    client.close()
                    try await eventually("all copies were received") { main.requests.count == 6 }
                }
            }
        }
    }
}
