import NIOCore
import Testing

extension EndToEnd {
    /// Encoding while the body is still arriving.
    @Suite struct CompressionStreamTests {
        private static let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"

        private static func chunk(_ text: String) -> String { "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n" }

        /// Reads chunks until they decode to `expected`: the encoder holds nothing back.
        private static func expect(
            _ expected: String,
            _ coding: String,
            from client: RawConnection,
            _ received: inout [UInt8]
        ) async throws {
            while Message.decode(received, coding, whole: false) != expected {
                let line = try await client.text(through: "\r\n")
                received += try await client.bytes(Int(line.prefix { $0.isHexDigit }, radix: 16) ?? 0)
                _ = try await client.text(through: "\r\n")
            }
        }

        @Test(arguments: ["gzip", "br", "deflate"], ["text/event-stream", "text/plain"])
        func `each piece arrives before the next one is sent`(_ coding: String, _ type: String) async throws {
            let seen = (0..<5).map { _ in Signal() }
            try await withProxy(
                playing { session in
                    _ = try await session.request()
                    try await session.send(Self.head + "Content-Type: \(type)\r\n\r\n")
                    for (index, signal) in seen.enumerated() {
                        try await session.send(Self.chunk("data: \(index)\n\n"))
                        try await signal.wait()
                    }
                    try await session.send("0\r\n\r\n")
                    _ = try await session.request()
                },
                more: """
                    [middleware.compression]
                    algorithms = ["br", "gzip", "deflate"]
                    types = ["text/plain", "text/event-stream"]
                    """
            ) { gateway, _ in
                let client = try await gateway.connect()
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: \(coding)\r\n\r\n")
                #expect(try await client.head().contains("Content-Encoding: \(coding)\r\n"))
                var received: [UInt8] = []
                var expected = ""
                for (index, signal) in seen.enumerated() {
                    expected += "data: \(index)\n\n"
                    try await Self.expect(expected, coding, from: client, &received)
                    signal.fire()
                }
                client.close()
            }
        }

        @Test(arguments: [40_000, 125_000, 150_000, 400_000])
        func `one large piece arrives completely while the upstream pauses`(_ size: Int) async throws {
            let text = CompressionTests.text(size)
            let seen = Signal()
            try await withProxy(
                playing { session in
                    _ = try await session.request()
                    try await session.send(Self.head + "Content-Type: text/plain\r\n\r\n" + Self.chunk(text))
                    try await seen.wait(within: .seconds(60))
                    try await session.send("0\r\n\r\n")
                    _ = try await session.request()
                }
            ) { gateway, _ in
                let client = try await gateway.connect()
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
                _ = try await client.head()
                var received: [UInt8] = []
                try await Self.expect(text, "gzip", from: client, &received)
                seen.fire()
                client.close()
            }
        }

        @Test func `a short response with X-Accel-Buffering no is not collected`() async throws {
            let text = CompressionTests.text(2_000)
            let seen = Signal()
            try await withProxy(
                playing { session in
                    _ = try await session.request()
                    try await session.send(
                        "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\nContent-Type: text/plain\r\nX-Accel-Buffering: no\r\n\r\n"
                    )
                    try await seen.wait()
                    try await session.send(text)
                    _ = try await session.request()
                }
            ) { gateway, _ in
                let client = try await gateway.connect()
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
                // Until now, only the head has been sent.
                #expect(try await client.head().contains("Content-Encoding: gzip\r\n"))
                seen.fire()
                client.close()
            }
        }

        @Test(arguments: ["gzip", "br"])
        func `the encoder is released if the client leaves`(_ coding: String) async throws {
            try await withProxy(
                playing { session in
                    let request = try await session.request()
                    try await session.send(
                        Self.head + "Content-Type: text/plain\r\n\r\n" + Self.chunk("on and on"),
                        request.target == "/short" ? "0\r\n\r\n" : ""
                    )
                    _ = try await session.request()
                },
                more: "[middleware.compression]\nmax_streams = 1"
            ) { gateway, _ in
                for _ in 0..<3 {
                    let first = try await gateway.connect()
                    try await first.send("GET /long HTTP/1.1\r\nHost: a\r\nAccept-Encoding: \(coding)\r\n\r\n")
                    #expect(try await first.head().contains("Content-Encoding: \(coding)\r\n"))
                    let second = try await gateway.get("/short", "Accept-Encoding: \(coding)")
                    #expect(second["Content-Encoding"] == nil)
                    #expect(second["Vary"] == "Accept-Encoding")
                    #expect(second.text == "on and on")
                    try await first.reset()
                    // There is no event for the moment when the gateway notices that the client has left.
                    var response = try await gateway.get("/short", "Accept-Encoding: \(coding)")
                    for _ in 0..<10_000 where response["Content-Encoding"] == nil {
                        response = try await gateway.get("/short", "Accept-Encoding: \(coding)")
                    }
                    #expect(response["Content-Encoding"] == coding)
                    #expect(response.decoded == "on and on")
                }
            }
        }

        @Test func `an upstream that fails cuts the client off, and the encoder is released`() async throws {
            try await withProxy(
                playing { session in
                    let request = try await session.request()
                    try await session.send(Self.head + "Content-Type: text/plain\r\n\r\n" + Self.chunk("on and on"))
                    if request.target == "/short" { try await session.send("0\r\n\r\n") }
                },
                more: "[middleware.compression]\nmax_streams = 1"
            ) { gateway, _ in
                for _ in 0..<5 {
                    let client = try await gateway.connect()
                    try await client.send("GET /long HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
                    let rest = try await client.rest()
                    #expect(!rest.text.hasSuffix("0\r\n\r\n"))
                    #expect(try await gateway.get("/short", "Accept-Encoding: gzip").decoded == "on and on")
                }
            }
        }

        @Test func `a slow reader makes the gateway hold only a bounded part of a large body`() async throws {
            // Incompressible data: otherwise everything would fit into the buffers.
            var number: UInt64 = 1
            let piece = String(
                decoding: (0..<65_536).map { _ -> UInt8 in
                    number = number &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return UInt8(0x20 + number >> 33 % 95)
                },
                as: UTF8.self
            )
            let sent = ByteCounter()
            try await withProxy(
                playing { session in
                    _ = try await session.request()
                    try await session.send(Self.head + "Content-Type: text/plain\r\n\r\n")
                    for _ in 0..<1_000 {
                        try await session.send(Self.chunk(piece))
                        sent.add(piece.utf8.count)
                    }
                    try await session.send("0\r\n\r\n")
                    _ = try await session.request()
                },
                buffers: 16_384
            ) { gateway, _ in
                let client = try await gateway.connect(buffers: 16_384)
                client.readSlowly(ahead: 1)
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
                _ = try await client.head()
                var before = -1
                // The transfer stops when every buffer on the way is full.
                for _ in 0..<2_000 where before != sent.value || before < 0 {
                    before = sent.value
                    for _ in 0..<200 { await Task.yield() }
                }
                #expect(sent.value < 32 << 20)
                client.close()
            }
        }
    }
}
