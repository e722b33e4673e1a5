import NIOCore
import Testing

extension EndToEnd {
    /// Long responses with deadlines, encoding and limits.
    @Suite struct StreamInteractionTests {
        private static let request = "GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n"
        private static let head =
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        private static let encoded = "[middleware.compression]\ntypes = [\"text/event-stream\", \"text/plain\"]\n"

        private static func chunk(_ text: String) -> String { "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n" }

        /// The content of all complete chunks, and whether the last chunk arrived.
        private static func chunks(_ client: RawConnection) async throws -> (bytes: [UInt8], isWhole: Bool) {
            var bytes: [UInt8] = []
            while let line = try? await client.text(through: "\r\n") {
                let size = Int(line.prefix { $0.isHexDigit }, radix: 16) ?? 0
                if size == 0 { return (bytes, true) }
                guard let piece = try? await client.bytes(size) else { break }
                bytes += piece
                _ = try? await client.text(through: "\r\n")
            }
            return (bytes, false)
        }

        @Test func `encoded events may pause longer than the default idle, and end completely`() async throws {
            let script = playing { session in
                _ = try await session.request()
                try await session.send(Self.head + Self.chunk("data: 1\n\n"))
                try await Task.sleep(for: .milliseconds(400))
                try await session.send(Self.chunk("data: 2\n\n") + "0\r\n\r\n")
                _ = try await session.request()
            }
            try await withProxy(script, more: Self.encoded + "[middleware.timeout]\nidle = \"100ms\"") { gateway, _ in
                let response = try await gateway.exchange(Self.request)
                #expect(response["Content-Encoding"] == "gzip")
                #expect(response.decoded == "data: 1\n\ndata: 2\n\n")
                #expect(response["ETag"] == nil)
            }
        }

        @Test(arguments: ["gzip", "br"])
        func `encoded events cut off by a route's idle do not look complete`(_ coding: String) async throws {
            let script = playing { session in
                _ = try await session.request()
                try await session.send(Self.head + Self.chunk("data: 1\n\n"))
                _ = try await session.connection.rest()
            }
            try await withProxy(script, route: "timeout = { idle = \"150ms\" }", more: Self.encoded) {
                gateway,
                upstream in
                let client = try await gateway.connect()
                try await client.send(Self.request.replacing("gzip", with: coding))
                #expect(try await client.head().contains("Content-Encoding: \(coding)\r\n"))
                let (bytes, isWhole) = try await Self.chunks(client)
                #expect(!isWhole)
                #expect(Message.decode(bytes, coding, whole: false) == "data: 1\n\n")
                #expect(Message.decode(bytes, coding, whole: true) == nil)
                try await eventually("the upstream connection closes") { upstream.openConnections == 0 }
                client.close()
            }
        }

        @Test(arguments: ["gzip", "br"], ["length", "chunked"])
        func `an encoded response whose upstream fails does not look complete`(
            _ coding: String,
            _ framing: String
        ) async throws {
            // More than the etag middleware collects.
            let text = CompressionTests.text(70_000)
            let script = playing { session in
                _ = try await session.request()
                let field = framing == "length" ? "Content-Length: 70001" : "Transfer-Encoding: chunked"
                try await session.send(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\(field)\r\n\r\n",
                    framing == "length" ? text : Self.chunk(text)
                )
            }
            try await withProxy(script) { gateway, _ in
                let client = try await gateway.connect()
                try await client.send(Self.request.replacing("gzip", with: coding))
                #expect(try await client.head().contains("Content-Encoding: \(coding)\r\n"))
                let (bytes, isWhole) = try await Self.chunks(client)
                #expect(!isWhole)
                #expect(Message.decode(bytes, coding, whole: true) == nil)
                client.close()
            }
        }

        @Test func `total cuts off an encoded stream, and the next request gets its permit`() async throws {
            let script = playing { session in
                let request = try await session.request()
                if request.target == "/next" { return try await session.send(ok("next")) }
                try await session.send(Self.head + Self.chunk("data: 1\n\n"))
                _ = try await session.connection.rest()
            }
            try await withProxy(
                script,
                route: "timeout = { total = \"250ms\" }\nconcurrency = { max_in_flight = 1 }",
                more: Self.encoded
            ) { gateway, upstream in
                let client = try await gateway.connect()
                try await client.send(Self.request)
                _ = try await client.head()
                let (bytes, isWhole) = try await Self.chunks(client)
                #expect(!isWhole)
                #expect(Message.decode(bytes, "gzip", whole: true) == nil)
                try await eventually("the upstream connection closes") { upstream.openConnections == 0 }
                #expect(try await gateway.get("/next").text == "next")
                client.close()
            }
        }

        @Test(arguments: [false, true])
        func `a client that leaves an encoded response frees its permit`(_ isAdaptive: Bool) async throws {
            let text = CompressionTests.text(400_000)
            let script = playing { session in
                let request = try await session.request()
                if request.target == "/next" { return try await session.send(ok("next")) }
                try await session.send(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
                )
                while true { try await session.send(Self.chunk(text)) }
            }
            try await withProxy(
                script,
                route: "concurrency = { max_in_flight = 1, adaptive = \(isAdaptive) }"
            ) { gateway, upstream in
                for _ in 0..<3 {
                    let client = try await gateway.connect()
                    try await client.send(Self.request)
                    #expect(try await client.head().contains("Content-Encoding: gzip"))
                    let refused = try await gateway.get("/next")
                    #expect(refused.code == "overloaded")
                    #expect(refused["Retry-After"] == "1")
                    try await client.reset()
                    try await eventually("the upstream connection closes") { upstream.openConnections == 0 }
                    let next = try await gateway.get("/next")
                    #expect(next.text == "next")
                }
            }
        }

        private static let limits = "[middleware.limits]\nbody = \"100B\""
        private static let upload =
            "POST / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"

        @Test func `an early response is complete and encoded, though its request grows too large`() async throws {
            let text = CompressionTests.text(5_000)
            let script = playing { session in
                _ = try await session.connection.head()
                try await session.send(ok(text, "Content-Type: text/plain"))
                _ = try await session.connection.rest()
            }
            try await withProxy(script, more: Self.limits) { gateway, _ in
                let client = try await gateway.connect()
                try await client.send(Self.upload + Self.chunk("begun"))
                let response = try await client.response()
                #expect(response.status == 200)
                #expect(response.decoded == text)
                #expect(response["Content-Encoding"] == "gzip")
                #expect(response["Connection"] == "close")
                // The rest of the request is dropped, although it is too large.
                try await client.send(Self.chunk(String(repeating: "x", count: 200)) + "0\r\n\r\n")
                #expect(try await client.rest().text.isEmpty)
            }
        }

        @Test func `an encoded response in progress is cut off if its request grows too large`() async throws {
            let script = playing { session in
                try await session.send(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + Self.chunk("first")
                )
                _ = try await session.connection.rest()
            }
            try await withProxy(script, more: Self.limits) { gateway, upstream in
                let client = try await gateway.connect()
                try await client.send(Self.upload + Self.chunk("begun"))
                #expect(try await client.head().contains("Content-Encoding: gzip\r\n"))
                try await client.send(Self.chunk(String(repeating: "x", count: 200)))
                let (bytes, isWhole) = try await Self.chunks(client)
                #expect(!isWhole)
                #expect(Message.decode(bytes, "gzip", whole: true) == nil)
                try await eventually("the upstream connection closes") { upstream.openConnections == 0 }
                client.close()
            }
        }

        @Test func `a response held for its tag is replaced by 413`() async throws {
            let script = playing { session in
                // The etag middleware holds the head until it has the body.
                try await session.send(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 600\r\n\r\nbegun"
                )
                _ = try await session.connection.rest()
            }
            try await withProxy(script, more: Self.limits) { gateway, upstream in
                let client = try await gateway.connect()
                try await client.send(Self.upload.replacing("POST", with: "GET") + Self.chunk("begun"))
                try await eventually("it has reached the upstream") { upstream.connections == 1 }
                try await client.send(Self.chunk(String(repeating: "x", count: 200)))
                let response = try await client.response()
                #expect(response.status == 413)
                #expect(response.code == "payload_too_large")
                #expect(response["Content-Encoding"] == nil && response["ETag"] == nil)
                client.close()
            }
        }
    }
}
