import Testing

extension EndToEnd {
    /// HEAD requests that are malformed or too slow: their error responses have no body either (RFC 9110 section
    /// 9.3.2).
    @Suite struct RefusedHeadTests {
        private static let many = String(repeating: "A: b\r\n", count: 200)
        private static let long = String(repeating: "x", count: 40_000)

        @Test(arguments: [
            (400, "HEAD / HTTP/1.1\r\n\r\n"), (400, "HEAD /a#b HTTP/1.1\r\nHost: a\r\n\r\n"),
            (400, "HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
            (400, "HEAD / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n"),
            (400, "HEAD / HTTP/1.1\nHost: a\n\n"), (400, "\r\nHEAD / HTTP/1.1\r\nA : b\r\n\r\n"),
            (414, "HEAD /\(long) HTTP/1.1\r\nHost: a\r\n\r\n"),
            (431, "HEAD / HTTP/1.1\r\nHost: a\r\nA: \(long)\r\n\r\n"),
            (431, "HEAD / HTTP/1.1\r\nHost: a\r\n\(many)\r\n"), (505, "HEAD / HTTP/2.0\r\nHost: a\r\n\r\n"),
            (408, "HEAD / HTTP/1.1\r\nHost: a\r\n"),
            (404, "HEAD /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
        ])
        func `the response consists of a head only`(_ status: Int, _ request: String) async throws {
            let file = """
                [server.limits]
                header_timeout = "300ms"
                [[routes]]
                path = "/"
                respond = { status = 200 }
                """
            try await withGateway(file) { gateway in
                let client = try await gateway.connect()
                defer { client.close() }
                try await client.send(request)
                let (text, end) = try await client.rest()
                #expect(text.hasPrefix("HTTP/1.1 \(status) "))
                #expect(text.contains("\r\nContent-Type: application/problem+json\r\n"))
                #expect(text.hasSuffix("\r\n\r\n"))
                #expect(end == .finished)
            }
        }
    }
}
