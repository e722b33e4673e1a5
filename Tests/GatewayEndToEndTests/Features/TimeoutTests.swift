import Gateway
import NIOCore
import Testing

extension EndToEnd {
    /// Timeouts.
    @Suite struct TimeoutTests {
        @Test func `a port without a listener is a 502 at once`() async throws {
            let port = try await withUpstream(playing { _ in }) { $0.port }
            try await withGateway(proxy(to: "http://127.0.0.1:\(port)")) { gateway in
                let response = try await gateway.get("/")
                #expect(response.status == 502)
                #expect(response.code == "upstream_unreachable")
                #expect(response["Proxy-Status"] == "gateway; error=connection_refused")
                #expect(!response.text.contains("\(port)"))
            }
        }

        @Test func `a missing Unix socket is a 502`() async throws {
            try await withGateway(proxy(to: "unix:/tmp/gateway-e2e-absent.sock")) { gateway in
                let response = try await gateway.get("/")
                #expect(response.status == 502)
                #expect(response.code == "upstream_unreachable")
                #expect(!response.text.contains("absent"))
            }
        }

        @Test func `a name that does not resolve is a 502`() async throws {
            try await withGateway(proxy(to: "http://nowhere.invalid:80")) { gateway in
                let response = try await gateway.get("/")
                // 504 if the system's resolver takes longer than `timeout.connect`.
                #expect(response.status == 502 || response.status == 504)
                #expect(response.code == "upstream_unreachable" || response.code == "connect_timeout")
            }
        }

        @Test func `a target that accepts no connection is a 504 after connect`() async throws {
            try await withFullBacklog { port in
                let toml = proxy(
                    to: "http://127.0.0.1:\(port)",
                    more: "[middleware.timeout]\nconnect = \"100ms\"\n[admin]\nexpose = [\"/metrics\"]"
                )
                try await withGateway(toml) { gateway in
                    let response = try await gateway.get("/")
                    #expect(response.status == 504)
                    #expect(response.code == "connect_timeout")
                    let metrics = try await gateway.get("/metrics").text
                    #expect(metrics.contains("gateway_timeouts_total{route=\"all\",phase=\"connect\"} 1\n"))
                }
            }
        }

        /// Sends bytes after the head of the request, and then waits for the gateway to close the connection.
        private static func stalling(after text: String) -> ScriptedUpstream.Script {
            { session in
                _ = try await session.connection.head()
                try await session.send(text)
                _ = try await session.connection.rest()
            }
        }

        @Test(arguments: ["", "H", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 103 Early Hints\r\n\r\n"])
        func `no head within first_byte is a 504, and the upstream connection closes`(_ sent: String) async throws {
            try await withProxy(
                Self.stalling(after: sent),
                more: "[middleware.timeout]\nfirst_byte = \"100ms\""
            ) { gateway, upstream in
                let client = try await gateway.connect()
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                let response = try await client.finalResponse()
                #expect(response.status == 504)
                #expect(response.code == "upstream_timeout")
                try await eventually("the upstream connection closes") { upstream.openConnections == 0 }
                client.close()
            }
        }

        @Test func `a series of 1xx does not extend first_byte`() async throws {
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.request()
                while session.connection.inbox.end == nil {
                    try await session.send("HTTP/1.1 103 Early Hints\r\n\r\n")
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
            try await withProxy(script, more: "[middleware.timeout]\nfirst_byte = \"100ms\"") { gateway, _ in
                let response = try await gateway.get("/")
                #expect(response.status == 504)
            }
        }

        @Test(arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\nabc", "HTTP/1.1 200 OK\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        ])
        func `a body that stalls for idle is cut off, and does not look complete`(_ sent: String) async throws {
            try await withProxy(
                Self.stalling(after: sent),
                more: "[middleware.timeout]\nidle = \"100ms\""
            ) { gateway, upstream in
                let client = try await gateway.connect()
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                let (text, _) = try await client.rest()
                #expect(text.hasPrefix("HTTP/1.1 200"))
                #expect(!text.hasSuffix("0\r\n\r\n"))
                try await eventually("the upstream connection closes") { upstream.openConnections == 0 }
            }
        }

        @Test func `a body that keeps coming is not cut off, however long it takes`() async throws {
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.request()
                try await session.send("HTTP/1.1 200 OK\r\n\r\n")
                for _ in 0..<20 {
                    try await session.send("x")
                    try await Task.sleep(for: .milliseconds(25))
                }
            }
            try await withProxy(script, more: "[middleware.timeout]\nidle = \"250ms\"") { gateway, _ in
                let response = try await gateway.get("/")
                #expect(response.text == String(repeating: "x", count: 20))
            }
        }

        @Test func `total ends an exchange before and after the head`() async throws {
            let more = "[middleware.timeout]\ntotal = \"150ms\""
            try await withProxy(Self.stalling(after: ""), more: more) { gateway, _ in
                let response = try await gateway.get("/")
                #expect(response.status == 504)
                #expect(response.code == "deadline_exceeded")
            }
            try await withProxy(Self.stalling(after: "HTTP/1.1 200 OK\r\n\r\nabc"), more: more) { gateway, _ in
                let client = try await gateway.connect()
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                let (text, _) = try await client.rest()
                #expect(text.hasSuffix("abc\r\n"))
            }
        }

        @Test func `the rest of total is sent upstream, and replaces the client's value`() async throws {
            let script = serving { request in ok(request["X-Request-Timeout-Ms"] ?? "none") }
            try await withProxy(script, more: "[middleware.timeout]\ntotal = \"20s\"") { gateway, _ in
                for field in ["", "X-Request-Timeout-Ms: 5"] {
                    let left = try #require(Int(try await gateway.get("/", field).text))
                    #expect((1...20_000).contains(left))
                }
            }
            try await withProxy(script) { gateway, _ in
                let response = try await gateway.get("/", "X-Request-Timeout-Ms: 5")
                #expect(response.text == "none")
            }
        }

        @Test(arguments: ["", "[middleware.timeout]\ntotal = \"60s\""])
        func `a trusted peer can shorten total`(more: String) async throws {
            let server = "trusted_proxies = [\"127.0.0.0/8\"]"
            try await withProxy(Self.stalling(after: ""), server: server, more: more) { gateway, _ in
                let response = try await gateway.get("/", "X-Request-Timeout-Ms: 100")
                #expect(response.code == "deadline_exceeded")
            }
        }

        @Test(arguments: ["0", "-1", "1.5", "", "abc", "99999999999999999999999"])
        func `a trusted peer cannot extend total, whatever it sends`(value: String) async throws {
            let server = "trusted_proxies = [\"127.0.0.0/8\"]"
            let script = serving { request in ok(request["X-Request-Timeout-Ms"] ?? "none") }
            let more = "[middleware.timeout]\ntotal = \"20s\""
            try await withProxy(script, server: server, more: more) { gateway, _ in
                let response = try await gateway.get("/", "X-Request-Timeout-Ms: \(value)")
                if value == "0" { return #expect(response.status == 200 || response.code == "deadline_exceeded") }
                let left = try #require(Int(response.text))
                #expect((1...20_000).contains(left))
            }
        }

        /// Sends an event, pauses for longer than `idle`, and sends another one.
        private static let restingEvents: ScriptedUpstream.Script = { session in
            _ = try await session.request()
            try await session.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
            try await Task.sleep(for: .milliseconds(400))
            try await session.send("data: 2\n\n")
        }

        @Test func `an event stream may pause longer than the default idle`() async throws {
            try await withProxy(Self.restingEvents, more: "[middleware.timeout]\nidle = \"100ms\"") { gateway, _ in
                let response = try await gateway.get("/")
                #expect(response.text == "data: 1\n\ndata: 2\n\n")
            }
        }

        @Test func `an event stream is cut off by the idle of a policy`() async throws {
            let toml = """
                [policies.brisk.timeout]
                idle = "100ms"
                """
            try await withProxy(Self.restingEvents, route: "policies = [\"brisk\"]", more: toml) { gateway, _ in
                let client = try await gateway.connect()
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                let (text, _) = try await client.rest()
                #expect(text.contains("data: 1") && !text.contains("data: 2") && !text.contains("\r\n0\r\n"))
            }
        }

        @Test(arguments: ["G", "GET / HTTP/1.1\r\nHo", "GET / HTTP/1.1\r\nHost: a\r\n"])
        func `an incomplete head is a 408 after header_timeout`(_ sent: String) async throws {
            try await withProxy(playing { _ in }, limits: "header_timeout = \"150ms\"") { gateway, upstream in
                let client = try await gateway.connect()
                try await client.send(sent)
                let response = try await client.response()
                #expect(response.status == 408)
                #expect(response.code == "request_timeout")
                #expect(response["Connection"] == "close")
                #expect(try await client.rest().text == "")
                #expect(upstream.connections == 0)
            }
        }

        @Test func `a trickle does not extend header_timeout`() async throws {
            try await withProxy(playing { _ in }, limits: "header_timeout = \"200ms\"") { gateway, _ in
                let client = try await gateway.connect()
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\nA: ")
                let trickle = Task {
                    while client.inbox.total == 0 {
                        try await client.send("b")
                        try await Task.sleep(for: .milliseconds(5))
                    }
                }
                let response = try await client.response()
                #expect(response.status == 408)
                trickle.cancel()
                client.close()
            }
        }

        @Test func `a stalled body is a 408 after its grace period, and the upstream connection closes`() async throws {
            let toml = "[middleware.timeout]\nidle = \"60s\""
            try await withProxy(Self.stalling(after: ""), more: toml) { gateway, upstream in
                let client = try await gateway.connect()
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
                let response = try await client.response()
                #expect(response.status == 408)
                #expect(response["Connection"] == "close")
                try await eventually("the upstream connection closes") { upstream.openConnections == 0 }
                client.close()
            }
        }

        /// With 408, RFC 9110 section 15.5.9 would blame the client, which would send the body again.
        @Test func `an upstream that stops reading the body is a 504, not the client's fault`() async throws {
            let script: ScriptedUpstream.Script = { session in
                session.connection.readSlowly()
                _ = try await session.connection.head()
                try await Signal().wait(within: .seconds(600))
            }
            let settings = "[middleware.timeout]\nidle = \"200ms\""
            try await withProxy(script, more: settings, buffers: 16_384) { gateway, _ in
                let client = try await gateway.connect(buffers: 16_384)
                defer { client.close() }
                try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n")
                let sending = Task {
                    while true { try await client.send(bytes: Array(repeating: 0x61, count: 65_536)) }
                }
                let response = try await client.response()
                #expect(response.status == 504)
                #expect(response.code == "upstream_timeout")
                client.close()
                _ = await sending.result
            }
        }

        @Test func `a response that has begun waits for a body that is still arriving`() async throws {
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.connection.head()
                try await session.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                _ = try await session.connection.bytes(8)
                try await session.send("2\r\nok\r\n0\r\n\r\n")
            }
            let settings = "[middleware.timeout]\nidle = \"400ms\""
            try await withProxy(script, limits: "keep_alive = \"100ms\"", more: settings) { gateway, _ in
                let client = try await gateway.connect()
                defer { client.close() }
                try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n")
                for _ in 0..<8 {
                    let silent = try await gateway.connect()
                    _ = try await silent.rest()
                    silent.close()
                    try await client.send("x")
                }
                #expect(try await client.response().text == "ok")
            }
        }

        @Test func `an upstream that ignores Expect is a 504, and the client's timer does not run`() async throws {
            let settings = "[middleware.timeout]\nidle = \"200ms\""
            let script = Self.stalling(after: "")
            try await withProxy(script, more: settings) { gateway, _ in
                let client = try await gateway.connect()
                defer { client.close() }
                try await client.send(
                    "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
                )
                let response = try await client.response()
                #expect(response.status == 504)
                #expect(response.code == "upstream_timeout")
            }
        }
    }
}
