import Testing

extension EndToEnd {
    /// Upstreams that send more than one answer to one request.
    @Suite struct UnaskedBytesTests {
        /// Two answers, of which the first takes so many bytes.
        private static func answers(first size: Int) -> String {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: "
            let room = size - head.utf8.count - 4
            let length = room - String(room).utf8.count
            let body = String(repeating: "b", count: length)
            let first = "\(head)\(length)\r\n\r\n\(body)"
            return first + String(repeating: "b", count: size - first.utf8.count) + ok("somebody else's")
        }

        /// The gateway reads powers of two, growing ones, and some at a time: with sums of them, the second answer waits in
        /// the socket when the first one is whole.
        private static let sizes = (9...16).flatMap { first in
            (1...5).map { count in (1 << first) * ((1 << count) - 1) }
        }

        @Test(arguments: sizes)
        func `a second answer is nobody's, wherever the first one's read ends`(size: Int) async throws {
            let script = playing { session in
                let request = try await session.request()
                try await session.send(session.index == 0 ? Self.answers(first: size) : ok(request.target))
                _ = try await session.request()
            }
            try await withProxy(script, upstream: "max_connections = 1") { gateway, upstream in
                let client = try await gateway.connect()
                defer { client.close() }
                // The second request waits for the connection of the first one.
                try await client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
                let first = try await client.finalResponse()
                #expect(first.status == 200)
                #expect(first.text.utf8.allSatisfy { $0 == UInt8(ascii: "b") })
                let second = try await client.finalResponse()
                #expect(second.text == "/2")
                #expect(upstream.requests.map(\.target) == ["/1", "/2"])
            }
        }
    }
}
