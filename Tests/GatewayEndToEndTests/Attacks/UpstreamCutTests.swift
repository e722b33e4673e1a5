import Testing

extension EndToEnd {
    /// Upstreams that close the connection instead of completing a response.
    @Suite struct UpstreamCutTests {
        enum End: String, CaseIterable, Sendable {
            case close, reset
        }

        /// The part of the response before the end.
        private static let beginnings = [
            "", "H", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Le",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r",
            "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 2",
        ]

        /// - Parameter isKept: Whether the connection has served a request before.
        private static func script(_ beginning: String, _ end: End, isKept: Bool) -> ScriptedUpstream.Script {
            { session in
                if isKept {
                    _ = try await session.request()
                    try await session.send(ok("an earlier answer"))
                }
                _ = try await session.request()
                if !beginning.isEmpty { try await session.send(beginning) }
                // The gateway reads the request before it sees the reset.
                if end == .reset { try await session.connection.reset() }
            }
        }

        @Test(arguments: beginnings, End.allCases)
        func `a POST is sent once and answered with 502`(beginning: String, end: End) async throws {
            for isKept in [false, true] {
                try await withProxy(Self.script(beginning, end, isKept: isKept)) { gateway, upstream in
                    if isKept { _ = try await gateway.get("/") }
                    let response = try await gateway.exchange(
                        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
                    )
                    #expect(response.status == 502)
                    #expect(response.code == "upstream_reset")
                    #expect(!response.text.contains("earlier"))
                    #expect(upstream.requests.map(\.method) == (isKept ? ["GET", "POST"] : ["POST"]))
                    #expect(upstream.connections == 1)
                }
            }
        }

        @Test(arguments: beginnings.filter { !$0.isEmpty })
        func `a GET is not sent again once a response has begun`(beginning: String) async throws {
            for isKept in [false, true] {
                try await withProxy(Self.script(beginning, .close, isKept: isKept)) { gateway, upstream in
                    if isKept { _ = try await gateway.get("/") }
                    let response = try await gateway.get("/")
                    #expect(response.status == 502)
                    #expect(response.code == "upstream_reset")
                    #expect(upstream.requests.count == (isKept ? 2 : 1))
                }
            }
        }

        /// A close delimits such a body (RFC 9112 section 8). A reset does not, whichever side notices it first.
        @Test func `a reset during the request body does not complete a close-delimited response`() async throws {
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.connection.head()
                try await session.send("HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 5_000))
                try await session.connection.reset()
            }
            try await withProxy(script, route: "limits = { body = \"64MiB\" }") { gateway, _ in
                for _ in 0..<60 {
                    let client = try await gateway.connect()
                    defer { client.close() }
                    try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 30000000\r\n\r\n")
                    let piece = [UInt8](repeating: 0x61, count: 256 * 1024)
                    // Until the peer stops reading.
                    let upload = Task { while true { try await client.send(bytes: piece) } }
                    let (text, _) = try await client.rest()
                    upload.cancel()
                    _ = await upload.result
                    #expect(!text.hasSuffix("\r\n0\r\n\r\n"))
                }
            }
        }

        @Test func `an upstream that closes every connection at once receives a POST at most once`() async throws {
            for end in End.allCases {
                let script: ScriptedUpstream.Script = { session in
                    if end == .reset { try await session.connection.reset() }
                }
                try await withProxy(script) { gateway, upstream in
                    let response = try await gateway.exchange(
                        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
                    )
                    #expect(response.status == 502)
                    #expect(["upstream_reset", "upstream_unreachable"].contains(response.code))
                    #expect(upstream.pending.matches(of: /POST/).count <= 1)
                }
            }
        }
    }
}
