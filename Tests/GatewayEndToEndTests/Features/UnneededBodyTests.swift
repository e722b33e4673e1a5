import Testing

extension EndToEnd {
    /// Unneeded bodies of upstreams that never send them completely.
    @Suite struct UnneededBodyTests {
        private static let date = "Sun, 06 Nov 1994 08:49:37 GMT"

        /// Sends these bytes and nothing more.
        private static func stalling(_ head: String) -> ScriptedUpstream.Script {
            playing { session in
                _ = try await session.request()
                try await session.send(head)
                _ = try await session.connection.rest()
            }
        }

        @Test(arguments: [
            "Content-Length: 50\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n", "Content-Length: 50\r\n\r\nxy",
        ])
        func `a replaced error does not wait for the original body`(_ rest: String) async throws {
            try await withProxy(Self.stalling("HTTP/1.1 500 X\r\nContent-Type: text/plain\r\n\(rest)")) {
                gateway,
                upstream in
                let response = try await gateway.get("/")
                #expect(response.status == 500)
                #expect(response.code == "upstream_error")
                try await eventually("the upstream connection closes") { upstream.openConnections == 0 }
            }
        }

        @Test(arguments: [
            ("ETag: \"a\"", "If-None-Match: \"a\"", 304), ("ETag: \"a\"", "If-Match: \"b\"", 412),
            ("ETag: \"a\"\r\nLast-Modified: \(date)", "If-Modified-Since: \(date)", 304),
            ("Last-Modified: \(date)", "If-Unmodified-Since: Sat, 05 Nov 1994 08:49:37 GMT", 412),
            // There is no generated tag without the body.
            ("Last-Modified: \(date)", "If-Modified-Since: \(date)", 304), ("X: y", "If-None-Match: *", 304),
        ])
        func `a condition that the head decides does not wait for the body`(
            _ fields: String,
            _ condition: String,
            _ status: Int
        ) async throws {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\(fields)\r\nContent-Length: 50\r\n\r\n"
            for sent in [head, head + "xy"] {
                try await withProxy(Self.stalling(sent)) { gateway, upstream in
                    let response = try await gateway.get("/", condition)
                    #expect(response.status == status)
                    if status == 304 { #expect(response["ETag"] == (fields.hasPrefix("ETag") ? "\"a\"" : nil)) }
                    try await eventually("the upstream connection closes") { upstream.openConnections == 0 }
                }
            }
        }

        @Test func `the next request gets its own response over another connection`() async throws {
            let script = playing { session in
                _ = try await session.request()
                guard session.index == 0 else { return try await session.send(ok("next", "Connection: close")) }
                try await session.send("HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Length: 5\r\n\r\n")
                _ = try await session.connection.rest()
            }
            try await withProxy(script) { gateway, _ in
                let client = try await gateway.connect()
                defer { client.close() }
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"a\"\r\n\r\n")
                #expect(try await client.response().status == 304)
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.response().text == "next")
            }
        }
    }
}
