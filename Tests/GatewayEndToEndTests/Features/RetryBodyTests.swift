import NIOCore
import Testing

extension EndToEnd {
    /// Request bodies and responses of tries that fail.
    @Suite struct RetryBodyTests {
        private static let route = "[routes.retry]\nbackoff = \"0s\"\nbudget = 1.0\n"
        private static let unavailable = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\ndown"

        /// The first connection ends after these bytes. Further ones answer with the body and the trailers.
        private static func closing(after mark: String, _ answer: String = "") -> ScriptedUpstream.Script {
            playing { session in
                if session.index == 0 {
                    _ = try await session.connection.text(through: mark)
                    return try await session.send(answer)
                }
                try await session.serve { request in
                    ok(request.text + request.trailers.map { " \($0.name)=\($0.value)" }.joined())
                }
            }
        }

        struct Upload: Sendable {
            var head: String
            var first: String
            var rest: String
            var answer: String
        }

        private static let uploads = [
            Upload(head: "Content-Length: 6", first: "abc", rest: "def", answer: "abcdef"),
            Upload(
                head: "Transfer-Encoding: chunked",
                first: "3\r\nabc\r\n",
                rest: "3\r\ndef\r\n2\r\ngh\r\n0\r\n\r\n",
                answer: "abcdefgh"
            ),
            Upload(
                head: "Transfer-Encoding: chunked\r\nTrailer: X-Sum",
                first: "3\r\nabc\r\n",
                rest: "3\r\ndef\r\n0\r\nX-Sum: 7\r\n\r\n",
                answer: "abcdef X-Sum=7"
            ),
        ]

        @Test(arguments: Self.uploads, ["", Self.unavailable])
        func `the rest of a body goes to the next try`(upload: Upload, answer: String) async throws {
            try await withProxy(Self.closing(after: "abc", answer), route: Self.route) { gateway, upstream in
                let client = try await gateway.connect()
                defer { client.close() }
                try await client.send("PUT / HTTP/1.1\r\nHost: a\r\n\(upload.head)\r\n\r\n\(upload.first)")
                try await eventually("the second try") { upstream.connections == 2 }
                for byte in upload.rest { try await client.send(String(byte)) }
                let response = try await client.response()
                #expect(response.status == 200 && response.text == upload.answer)
                // The client's connection is still in step.
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                let next = try await client.response()
                #expect(next.status == 200)
                #expect(upstream.requests.count == 2)
            }
        }

        @Test func `a client that was told to continue is not told again`() async throws {
            let script = playing { session in
                let head = try await session.connection.head().lowercased()
                if session.index == 0 {
                    #expect(head.contains("expect: 100-continue"))
                    try await session.send("HTTP/1.1 100 Continue\r\n\r\n")
                    _ = try await session.connection.bytes(3)
                    return
                }
                #expect(!head.contains("expect"))
                let body = try await session.connection.bytes(6)
                try await session.send(ok(String(decoding: body, as: UTF8.self)))
            }
            try await withProxy(script, route: Self.route) { gateway, upstream in
                let client = try await gateway.connect()
                defer { client.close() }
                try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nExpect: 100-continue\r\n\r\n")
                let interim = try await client.response()
                #expect(interim.status == 100)
                try await client.send("abc")
                try await eventually("the second try") { upstream.connections == 2 }
                try await client.send("def")
                let response = try await client.response()
                #expect(response.status == 200 && response.text == "abcdef")
            }
        }

        @Test func `a client that waits for 100 gets it from the next try`() async throws {
            let script = playing { session in
                _ = try await session.connection.head()
                if session.index == 0 { return try await session.send(Self.unavailable) }
                try await session.send("HTTP/1.1 100 Continue\r\n\r\n")
                let body = try await session.connection.bytes(3)
                try await session.send(ok(String(decoding: body, as: UTF8.self)))
            }
            try await withProxy(script, route: Self.route) { gateway, _ in
                let client = try await gateway.connect()
                defer { client.close() }
                try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
                let interim = try await client.response()
                #expect(interim.status == 100)
                try await client.send("abc")
                let response = try await client.response()
                #expect(response.status == 200 && response.text == "abc")
            }
        }

        @Test(arguments: [("Content-Length", true), ("Content-Length", false), ("chunked", true), ("chunked", false)])
        func `a body is sent again up to the size of the buffer`(framing: String, fits: Bool) async throws {
            let body = String(repeating: "0123456789abcdef", count: 4096)
            let settings = Self.route + "buffer = \"\(fits ? 65_536 : 65_535)B\""
            try await withProxy(
                playing { session in
                    let request = try await session.request()
                    try await session.send(session.index == 0 ? Self.unavailable : ok(request.text))
                },
                route: settings
            ) { gateway, upstream in
                let request =
                    framing == "chunked"
                    ? "Transfer-Encoding: chunked\r\n\r\n10000\r\n\(body)\r\n0\r\n\r\n"
                    : "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
                let response = try await gateway.exchange("PUT / HTTP/1.1\r\nHost: a\r\n\(request)")
                #expect(response.status == (fits ? 200 : 503))
                #expect(!fits || response.text == body)
                #expect(upstream.connections == (fits ? 2 : 1))
            }
        }

        @Test func `a large body that has not begun to flow can go to another try`() async throws {
            let port = try await withUpstream(playing { _ in }) { $0.port }
            let body = String(repeating: "0123456789abcdef", count: 20_000)
            let toml = proxy(
                to: "http://127.0.0.1:\(port)",
                upstream: "failover = false",
                route: "[routes.retry]\nbackoff = \"100ms\"\nattempts = 100\nbudget = 100\nbuffer = \"0B\"",
                more: "[admin]\nexpose = [\"/metrics\"]"
            )
            try await withGateway(toml) { gateway in
                let request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
                let response = Task { try await gateway.exchange(request) }
                try await eventuallyAsync("a retry") {
                    let metrics = try? await gateway.get("/metrics").text
                    return metrics?.contains("reason=\"connect\"") == true
                }
                let address = try SocketAddress(ipAddress: "127.0.0.1", port: port)
                try await withUpstream(at: address, serving { ok("\($0.body.count)") }) { _ in
                    let text = try await response.value.text
                    #expect(text == "\(body.utf8.count)")
                }
            }
        }

        @Test func `the connection of a response that does not end is closed`() async throws {
            let script = playing { session in
                _ = try await session.request()
                if session.index > 0 {
                    try await session.send(ok())
                    return try await session.serve { _ in ok() }
                }
                try await session.send("HTTP/1.1 503 Service Unavailable\r\nTransfer-Encoding: chunked\r\n\r\n")
                while true { try await session.send("400\r\n\(String(repeating: "x", count: 1024))\r\n") }
            }
            try await withProxy(script, route: Self.route) { gateway, upstream in
                let response = try await gateway.get("/")
                #expect(response.status == 200)
                try await eventually("the first connection closes") { upstream.openConnections == 1 }
            }
        }

        @Test func `the connection of a small response is kept`() async throws {
            let script = playing { session in
                _ = try await session.request()
                try await session.send(session.index == 0 ? Self.unavailable : ok())
                try await session.serve { _ in ok() }
            }
            try await withProxy(script, route: Self.route) { gateway, upstream in
                let response = try await gateway.get("/")
                #expect(response.status == 200)
                // The two tries did not share a connection, and both are idle now.
                #expect(upstream.connections == 2)
                #expect(upstream.openConnections == 2)
            }
        }
    }
}
