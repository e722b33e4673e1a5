import NIOCore
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension EndToEnd {
    /// A fast sender never gets far ahead of a slow reader, and memory stays bounded.
    @Suite struct BackPressureTests {
        private static let total = Thoroughness.count(96, thorough: 256) << 20
        private static let piece = [UInt8]((0..<65_536).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })
        private static let buffers = 128 << 10
        /// How many bytes the gateway, and the kernel buffers between it and both ends, may hold.
        private static let ahead = 24 << 20
        private static let growth = 48 << 20
        private static let longName = String(repeating: "n", count: 4_000)

        private static var residentBytes: Int {
            #if os(Linux) && !GATEWAY_SANITIZED
                EstablishedConnections.residentBytes
            #else
                0
            #endif
        }

        /// Reads nothing until the sender is stuck, then everything until the end.
        private static func drain(
            _ connection: RawConnection,
            expecting total: Int,
            sent: @escaping @Sendable () -> Int
        )
            async throws -> (isWhole: Bool, ahead: Int, growth: Int)
        {
            let resident = Self.residentBytes
            var most = 0
            var growth = 0
            try await self.standstill(of: sent)
            most = sent() - connection.inbox.total
            growth = Self.residentBytes - resident
            var received = 0
            var isWhole = true
            while received < total, let bytes = try await connection.some() {
                isWhole = isWhole && self.matches(bytes, at: received)
                let isSample = received >> 23 != (received + bytes.readableBytes) >> 23
                received += bytes.readableBytes
                if isSample { growth = max(growth, Self.residentBytes - resident) }
            }
            return (isWhole && received == total, most, max(growth, Self.residentBytes - resident))
        }

        /// Waits until a count has started to grow and then stops.
        private static func standstill(of count: @escaping @Sendable () -> Int) async throws {
            try await eventually("the sender has begun") { count() > 0 }
            var last = -1
            while count() != last {
                last = count()
                try await Task.sleep(for: .milliseconds(100))
            }
        }

        private static func matches(_ bytes: ByteBuffer, at offset: Int) -> Bool {
            bytes.withUnsafeReadableBytes { bytes in
                Self.piece.withUnsafeBytes { piece in
                    var position = 0
                    while position < bytes.count {
                        let start = (offset + position) % piece.count
                        let count = min(bytes.count - position, piece.count - start)
                        let received = UnsafeRawBufferPointer(rebasing: bytes[position..<(position + count)])
                        let expected = UnsafeRawBufferPointer(rebasing: piece[start..<(start + count)])
                        guard let left = received.baseAddress, let right = expected.baseAddress,
                            memcmp(left, right, count) == 0
                        else { return false }
                        position += count
                    }
                    return true
                }
            }
        }

        private static func send(over connection: RawConnection, counting sent: ByteCounter) async throws {
            for _ in 0..<(Self.total / Self.piece.count) {
                try await connection.send(bytes: Self.piece)
                sent.add(Self.piece.count)
            }
        }

        /// RFC 9110 section 15.2 does not limit their number.
        @Test func `informational responses to a slow reader`() async throws {
            let sent = ByteCounter()
            let hint = "HTTP/1.1 103 Early Hints\r\nLink: </\(String(repeating: "x", count: 27_000))>\r\n\r\n"
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.request()
                while true {
                    try await session.send(hint)
                    sent.add(hint.utf8.count)
                }
            }
            try await withProxy(script, buffers: Self.buffers) { gateway, _ in
                let client = try await gateway.connect(buffers: Self.buffers)
                client.readSlowly(ahead: 65_536)
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                try await Self.standstill(of: { sent.value })
                #expect(sent.value < Self.ahead)
                // Reading resumes the transfer.
                let stood = sent.value
                while sent.value == stood { #expect(try await client.head() == hint) }
                client.close()
            }
        }

        @Test func `a large response to a slow reader`() async throws {
            let sent = ByteCounter()
            let script: ScriptedUpstream.Script = { session in
                _ = try await session.request()
                try await session.send("HTTP/1.1 200 OK\r\nContent-Length: \(Self.total)\r\n\r\n")
                try await Self.send(over: session.connection, counting: sent)
                _ = try await session.connection.rest()
            }
            try await withProxy(script, buffers: Self.buffers) { gateway, _ in
                let client = try await gateway.connect(buffers: Self.buffers)
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                _ = try await client.head()
                client.readSlowly(ahead: 65_536)
                let (isWhole, ahead, growth) = try await Self.drain(client, expecting: Self.total) { sent.value }
                #expect(isWhole)
                #expect(ahead < Self.ahead)
                #expect(growth < Self.growth)
                client.close()
            }
        }

        @Test func `a large request to a slow upstream`() async throws {
            let sent = ByteCounter()
            let script: ScriptedUpstream.Script = { session in
                session.connection.readSlowly(ahead: 65_536)
                _ = try await session.connection.head()
                let (isWhole, ahead, growth) = try await Self.drain(session.connection, expecting: Self.total) {
                    sent.value
                }
                try await session.send(ok("\(isWhole) \(ahead < Self.ahead) \(growth < Self.growth)"))
            }
            try await withProxy(script, buffers: Self.buffers) { gateway, _ in
                let client = try await gateway.connect(buffers: Self.buffers)
                try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: \(Self.total)\r\n\r\n")
                try await Self.send(over: client, counting: sent)
                let response = try await client.response()
                #expect(response.text == "true true true")
                client.close()
            }
        }

        @Test func `an upstream that stops reading pauses the client, and its response still arrives`() async throws {
            let sent = ByteCounter()
            let script: ScriptedUpstream.Script = { session in
                session.connection.readSlowly()
                _ = try await session.connection.head()
                try await Self.standstill(of: { sent.value })
                try await session.send("HTTP/1.1 413 Enough\r\nContent-Length: 2\r\n\r\nno")
                _ = try await session.connection.rest()
            }
            try await withProxy(script, buffers: Self.buffers) { gateway, _ in
                let client = try await gateway.connect(buffers: Self.buffers)
                try await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: \(Self.total)\r\n\r\n")
                let sending = Task { try await Self.send(over: client, counting: sent) }
                let response = try await client.response()
                #expect(response.status == 413)
                #expect(sent.value < Self.ahead)
                client.close()
                _ = await sending.result
            }
        }

        @Test func `a client that pipelines without reading stops getting responses`() async throws {
            let body = String(repeating: "z", count: 20_000)
            try await withProxy(serving { _ in ok(body) }, buffers: Self.buffers) { gateway, upstream in
                let client = try await gateway.connect(buffers: 16_384)
                client.readSlowly()
                let count = Thoroughness.count(5_000, thorough: 20_000)
                let sending = Task {
                    for _ in 0..<(count / 100) {
                        try await client.send(String(repeating: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", count: 100))
                    }
                }
                try await Self.standstill(of: { upstream.requests.count })
                #expect(upstream.requests.count < count / 2)
                client.close()
                _ = await sending.result
            }
        }

        /// The gateway generates these responses at once, so the connection is always between two requests.
        @Test func `the gateway stops reading from a client that pipelines without reading`() async throws {
            try await withProxy(serving { _ in ok("") }) { gateway, _ in
                let client = try await gateway.connect(buffers: Self.buffers)
                client.readSlowly()
                let sent = ByteCounter()
                let requests = Array(
                    String(repeating: "TRACE /\(Self.longName) HTTP/1.1\r\nHost: a\r\n\r\n", count: 16).utf8
                )
                let sending = Task {
                    while sent.value < Self.total {
                        try await client.send(bytes: requests)
                        sent.add(requests.count)
                    }
                }
                try await Self.standstill(of: { sent.value })
                #expect(sent.value < Self.ahead)
                client.close()
                _ = await sending.result
            }
        }

        /// Small requests may have large responses. Answering every request of one read at once would fill the
        /// memory.
        @Test func `responses that are ready at once do not pile up`() async throws {
            let toml = """
                [[routes]]
                path = "/*"
                respond = { body = "\(String(repeating: "b", count: 8_000))" }
                """
            try await withGateway(toml) { gateway in
                let before = Self.residentBytes
                let requests = String(
                    repeating: "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                    count: Thoroughness.count(700, thorough: 2_000)
                )
                var clients: [RawConnection] = []
                defer { for client in clients { client.close() } }
                for _ in 0..<40 {
                    let client = try await gateway.connect(buffers: 16_384)
                    client.readSlowly()
                    try await client.send(requests)
                    clients.append(client)
                }
                let all = clients
                try await eventually("every client's first response") { all.allSatisfy { $0.inbox.total > 0 } }
                try await Self.standstill(of: { 1 + Self.residentBytes })
                #expect(Self.residentBytes - before < Self.growth)
            }
        }
    }
}
