import NIOCore
import Testing

extension EndToEnd {
    /// Upstreams that send invalid responses.
    @Suite struct UpstreamResponseTests {
        struct Answer: Sendable, CustomTestStringConvertible {
            let text: String
            init(_ text: String) { self.text = text }
            var testDescription: String { String(self.text.prefix(60)).replacing("\r\n", with: "|") }
        }

        /// The client sends two requests, so that leftovers of the first response would show in the second.
        private static func expectInvalid(_ answer: Answer, method: String = "GET") async throws {
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.request()
                try await session.send(answer.text)
                _ = try await session.connection.rest()
            }
            try await withProxy(script) { gateway, upstream in
                let client = try await gateway.connect()
                for _ in 0..<2 {
                    try await client.send("\(method) / HTTP/1.1\r\nHost: a\r\n\r\n")
                    let response = try await client.finalResponse()
                    #expect(response.status == 502)
                    #expect(response.code == "upstream_invalid_response")
                    #expect(response["Proxy-Status"]?.hasPrefix("gateway; error=") == true)
                    #expect(!response.text.contains(upstream.authority))
                }
                #expect(client.inbox.pending == "")
                try await eventually("those connections are closed") { upstream.openConnections == 0 }
                client.close()
            }
        }

        @Test(arguments: [
            Answer("hello\r\n"), Answer("<html>no head at all</html>"), Answer("HTTP/0.9 200 OK\r\n\r\n"),
            Answer("HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
            Answer("HTTP/1.1 200OK\r\nContent-Length: 0\r\n\r\n"),
            Answer("HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n"),
            Answer("HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"),
            Answer("HTTP/1.1 099 No\r\nContent-Length: 0\r\n\r\n"),
            Answer("HTTP/1.1 600 No\r\nContent-Length: 0\r\n\r\n"),
            Answer("HTTP/1.1 abc No\r\nContent-Length: 0\r\n\r\n"),
            Answer("HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n"),
            Answer("http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
            Answer("HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n"),
            Answer("HTTP/1.1 200 OK\nContent-Length: 0\n\n"),
            Answer("\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
            Answer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
            Answer("HTTP/1.1 200 OK\r\nContent-Length: 3, 4\r\n\r\nabcd"),
            Answer("HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nabc"),
            Answer("HTTP/1.1 200 OK\r\nContent-Length: 3x\r\n\r\nabc"),
            Answer("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nabc"),
            Answer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            Answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc"),
            Answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
            Answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            Answer("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            Answer("HTTP/1.1 200 OK\r\nContent-Length : 3\r\n\r\nabc"), Answer("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n"),
            Answer("HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n"), Answer("HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n"),
            Answer("HTTP/1.1 200 OK\r\nA b\r\n\r\n"), Answer("HTTP/1.1 200 OK\r\n: b\r\n\r\n"),
            Answer("HTTP/1.1 200 OK\r\nA: \(String(repeating: "b", count: 40_000))\r\n\r\n"),
            Answer("HTTP/1.1 200 OK\r\nA: \(String(repeating: "b", count: 40_000))"),
            Answer("HTTP/1.1 200 \(String(repeating: "b", count: 40_000))"),
            Answer("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
            Answer("HTTP/1.1 103 Early Hints\r\n\r\nnonsense\r\n\r\n"),
        ])
        func `a malformed, oversized, contradictory or unsolicited response is a 502`(_ answer: Answer) async throws {
            try await Self.expectInvalid(answer)
        }

        @Test(arguments: [
            "HTTP/1.1 200 OK\r\nContent-Len", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", "H", "",
            "HTTP/1.1 100 Continue\r\n\r\n",
        ])
        func `an incomplete head is a 502`(_ answer: String) async throws {
            try await withProxy(
                playing { session in
                    _ = try await session.request()
                    try await session.send(answer)
                }
            ) { gateway, _ in
                let client = try await gateway.connect()
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
                let response = try await client.finalResponse()
                #expect(response.status == 502)
                #expect(response.code == "upstream_reset")
                client.close()
            }
        }

        @Test(
            arguments: [
                "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\nabc",
                "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n",
            ],
            ["1.0", "1.1"]
        )
        func `an incomplete body does not look complete (RFC 9112 section 8)`(
            _ answer: String,
            _ version: String
        ) async throws {
            try await withProxy(
                playing { session in
                    _ = try await session.request()
                    try await session.send(answer)
                }
            ) { gateway, _ in
                let client = try await gateway.connect()
                try await client.send("GET / HTTP/\(version)\r\nHost: a\r\n\r\n")
                let (text, end) = try await client.rest()
                #expect(!text.hasSuffix("0\r\n\r\n"))
                // Without a length or chunks, only a reset shows the client that something is missing.
                if version == "1.0", !answer.contains("Content-Length") { #expect(end == .reset) }
                client.close()
            }
        }

        @Test func `a close-delimited response that ends in a reset does not look complete`() async throws {
            try await withProxy(
                playing { session in
                    _ = try await session.connection.head()
                    try await session.send("HTTP/1.1 200 OK\r\n\r\nabc")
                    // The gateway reads this much before the reset arrives.
                    _ = try await session.connection.text(through: "go")
                    try await session.connection.reset()
                }
            ) { gateway, _ in
                let client = try await gateway.connect()
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab")
                _ = try await client.text(through: "abc")
                try await client.send("go")
                let (text, _) = try await client.rest()
                #expect(!text.hasSuffix("0\r\n\r\n"))
                client.close()
            }
        }

        @Test(arguments: [
            ok("mine") + ok("stolen"), ok("mine") + "x", ok("mine") + "\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nmine\r\n0\r\n\r\n" + ok("stolen"),
            "HTTP/1.1 204 No Content\r\n\r\nbody" + ok("stolen"),
        ])
        func `bytes after a response never reach another request (RFC 9112 section 9.2)`(_ answer: String) async throws
        {
            try await withProxy(serving { _ in answer }) { gateway, upstream in
                let client = try await gateway.connect()
                for _ in 0..<5 {
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    let response = try await client.response()
                    #expect(response.text == (answer.hasPrefix("HTTP/1.1 204") ? "" : "mine"))
                }
                #expect(upstream.connections == 5)
                client.close()
            }
        }

        @Test func `unsolicited bytes close the idle connection`() async throws {
            let extra = Signal()
            try await withProxy(
                playing { session in
                    _ = try await session.request()
                    try await session.send(ok("mine"))
                    if session.index > 0 { return }
                    try await extra.wait()
                    try await session.send(ok("stolen"))
                    _ = try await session.connection.rest()
                }
            ) { gateway, upstream in
                #expect(try await gateway.get("/").text == "mine")
                extra.fire()
                try await eventually("it is closed") { upstream.openConnections == 0 }
                #expect(try await gateway.get("/").text == "mine")
            }
        }

        @Test func `a body in the response to HEAD does not corrupt later responses`() async throws {
            try await withProxy(serving { _ in ok("stolen") }) { gateway, _ in
                let client = try await gateway.connect()
                for _ in 0..<3 {
                    try await client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
                    #expect(try await client.response(toHead: true).status == 200)
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    #expect(try await client.response().text == "stolen")
                }
                #expect(client.inbox.pending == "")
                client.close()
            }
        }

        @Test func `a response before the end of the request body reaches the client`() async throws {
            try await withProxy(
                playing { session in
                    _ = try await session.connection.head()
                    try await session.send(ok("early"))
                    _ = try await session.connection.rest()
                }
            ) { gateway, upstream in
                let client = try await gateway.connect()
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc")
                #expect(try await client.response().text == "early")
                // The rest of the body is not parsed as a request; the next request is.
                try await client.send(String(repeating: "x", count: 97) + "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.response().text == "early")
                #expect(upstream.connections == 2)
                client.close()
            }
        }

        @Test func `an early response is delivered even if the upstream then closes`() async throws {
            try await withProxy(
                playing { session in
                    _ = try await session.connection.head()
                    try await session.send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
                }
            ) { gateway, _ in
                let client = try await gateway.connect()
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\nabc")
                let response = try await client.response()
                #expect(response.status == 413)
                client.close()
            }
        }

        @Test func `max_head counts the status line and the fields`() async throws {
            for size in [1_024, 1_025] {
                let line = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Fill: "
                let head = line + String(repeating: "f", count: size - line.utf8.count - 2) + "\r\n\r\n"
                let script: ScriptedUpstream.Script = { session in
                    _ = try await session.request()
                    try await session.send(head)
                    _ = try await session.connection.rest()
                }
                try await withProxy(script, upstream: "max_head = \"1KiB\"") { gateway, _ in
                    let response = try await gateway.get("/")
                    #expect(response.status == (size > 1_024 ? 502 : 200))
                }
            }
        }
    }
}
