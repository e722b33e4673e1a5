import Testing

extension EndToEnd {
    /// Upstreams that send more than one response to a request.
    @Suite struct UnaskedBytesTests {
        /// Two responses, the first of which is this many bytes long.
        private static func answers(first size: Int) -> String {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: "
            let room = size - head.utf8.count - 4
            let length = room - String(room).utf8.count
            let body = String(repeating: "b", count: length)
            let first = "\(head)\(length)\r\n\r\n\(body)"
            return first + String(repeating: "b", count: size - first.utf8.count) + ok("somebody else's")
        }

        /// The gateway reads into buffers whose sizes are growing powers of two, several per wakeup. With sums of
        /// these sizes, the second response is still in the socket when the first one is complete.
        private static let sizes = (9...16).flatMap { first in
            (1...5).map { count in (1 << first) * ((1 << count) - 1) }
        }

        @Test(arguments: sizes)
        func `a second response reaches nobody, wherever the read of the first one ends`(size: Int) async throws {
            let script = playing { session in
                let request = try await session.request()
                try await session.send(session.index == 0 ? Self.answers(first: size) : ok(request.target))
                _ = try await session.request()
            }
            try await withProxy(script, upstream: "max_connections = 1") { gateway, upstream in
                let client = try await gateway.connect()
                defer { client.close() }
                // The second request waits for the connection of the first.
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
