import GatewayHTTP2
import NIOCore
import Testing

@testable import GatewayCore

extension EndToEnd {
    /// What single frames of an HTTP/2 upstream do: bytes, windows, control frames and violations.
    @Suite struct HTTP2UpstreamFrameTests {
        // MARK: Bytes

        @Test func `values that are not UTF-8 pass both ways unchanged`() async throws {
            let value = [UInt8](0x80...0xFF)
            try await withHTTP2Upstream { frames, _ in
                let head = try await frames.head()
                let index = try #require(head.lines.firstIndex { $0.hasPrefix("x-bytes: ") })
                #expect(head.values[index] == value)
                // The length of the value is 127 and 1.
                let block: [UInt8] = [0x88, 0, 7] + Array("x-bytes".utf8) + [0x7F, 1] + value
                try await frames.send(
                    WireFrame(type: .headers, flags: [.endHeaders, .endStream], stream: head.stream, payload: block)
                )
                _ = try await frames.head()
            } _: { gateway, _ in
                let client = try await gateway.connect()
                defer { client.close() }
                let start = Array("GET / HTTP/1.1\r\nHost: a\r\nX-Bytes: ".utf8)
                try await client.send(bytes: start + value + Array("\r\n\r\n".utf8))
                let response = try await client.inbox.take("a head") { bytes, _ -> [UInt8]? in
                    let received = Array(bytes.readableBytesView)
                    return received.suffix(4) == Array("\r\n\r\n".utf8) ? received : nil
                }
                let mark = Array("x-bytes: ".utf8)
                let begin = try #require(response.indices.first { response[$0...].starts(with: mark) })
                #expect(Array(response[(begin + mark.count)...].prefix(value.count)) == value)
            }
        }

        // MARK: Windows

        /// Receives DATA of a stream until `count` bytes have arrived. Returns the sizes of the frames.
        private static func data(_ count: Int, _ frames: HTTP2Frames) async throws -> [Int] {
            var sizes: [Int] = []
            while sizes.reduce(0, +) < count {
                let frame = try await frames.next()
                if frame.type == .data { sizes.append(frame.payload.count) }
            }
            return sizes
        }

        @Test func `no more is sent than the stream's window allows`() async throws {
            try await withHTTP2Upstream([(.initialWindow, 10)]) { frames, _ in
                let head = try await frames.head()
                #expect(try await Self.data(10, frames) == [10])
                try await frames.send(HTTP2Frames.settings(.initialWindow, 12))
                #expect(try await Self.data(2, frames) == [2])
                try await frames.send(HTTP2Frames.windowUpdate(head.stream, by: 3))
                #expect(try await Self.data(3, frames) == [3])
                // A window of minus ten, and five of it given back.
                try await frames.send(
                    HTTP2Frames.settings(.initialWindow, 2),
                    HTTP2Frames.windowUpdate(head.stream, by: 15)
                )
                let last = try await frames.next()
                #expect(last.payload.count == 5 && last.endsStream)
                try await frames.answer(head.stream, "ok")
                _ = try await frames.head()
            } _: { gateway, _ in
                let body = String(repeating: "x", count: 20)
                let response = try await gateway.exchange(
                    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n\(body)"
                )
                #expect(response.text == "ok")
            }
        }

        @Test func `no more is sent than the connection's window allows, and streams take turns`() async throws {
            try await withHTTP2Upstream([(.initialWindow, 1_000_000)]) { frames, _ in
                let first = try await frames.head()
                // 65,535 bytes in frames of at most 16 KiB.
                #expect(try await Self.data(65_535, frames) == [16_384, 16_384, 16_384, 16_383])
                let second = try await frames.head()
                try await frames.send(HTTP2Frames.windowUpdate(0, by: 1_000_000))
                var ended: [UInt32] = []
                while ended.count < 2 {
                    let frame = try await frames.next()
                    if frame.endsStream { ended.append(frame.stream) }
                }
                #expect(Set(ended) == [first.stream, second.stream])
                for stream in ended { try await frames.answer(stream, "ok") }
                _ = try await frames.head()
            } _: { gateway, upstream in
                let request =
                    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"
                    + String(repeating: "x", count: 100_000)
                async let one = gateway.exchange(request)
                async let two = gateway.exchange(request)
                let texts = try await [one.text, two.text]
                #expect(texts == ["ok", "ok"] && upstream.connections == 1)
            }
        }

        @Test func `the stream's window comes back as the client takes the response`() async throws {
            try await withHTTP2Upstream { frames, _ in
                let head = try await frames.head()
                try await frames.send(HTTP2Frames.headers(head.stream, [":status: 200"]))
                let piece = String(repeating: "x", count: 16_384)
                for _ in 0..<8 { try await frames.send(HTTP2Frames.data(head.stream, piece)) }
                while true {
                    let frame = try await frames.frame()
                    guard frame.type == .windowUpdate, frame.stream == head.stream else { continue }
                    #expect(frame.code == 131_072)
                    break
                }
                try await frames.send(HTTP2Frames.data(head.stream, "end", end: true))
                _ = try await frames.head()
            } _: { gateway, _ in
                let response = try await gateway.get("/")
                #expect(response.text.utf8.count == 131_075)
            }
        }

        // MARK: Control frames

        @Test func `a PING is answered, and unknown frames are ignored`() async throws {
            try await withHTTP2Upstream { frames, _ in
                let head = try await frames.head()
                try await frames.send(
                    WireFrame(type: FrameType(rawValue: 0xEE), stream: head.stream, payload: [1]),
                    WireFrame(type: .priority, stream: 99, payload: [0, 0, 0, 0, 1]),
                    WireFrame(type: .ping, payload: [1, 2, 3, 4, 5, 6, 7, 8])
                )
                while true {
                    let frame = try await frames.frame()
                    guard frame.type == .ping else { continue }
                    #expect(frame.flags == .acknowledgement && frame.payload == [1, 2, 3, 4, 5, 6, 7, 8])
                    break
                }
                try await frames.answer(head.stream, "ok")
                _ = try await frames.head()
            } _: { gateway, _ in
                let response = try await gateway.get("/")
                #expect(response.text == "ok")
            }
        }

        @Test func `a head in several frames is one head`() async throws {
            try await withHTTP2Upstream { frames, _ in
                let head = try await frames.head()
                let whole = HTTP2Frames.headers(head.stream, [":status: 200", "x-a: b"])
                var first = whole
                first.flags = .endStream
                first.payload = Array(whole.payload.prefix(3))
                let rest = Array(whole.payload.dropFirst(3))
                try await frames.send(
                    first,
                    WireFrame(type: .continuation, stream: head.stream),
                    WireFrame(type: .continuation, flags: .endHeaders, stream: head.stream, payload: rest)
                )
                _ = try await frames.head()
            } _: { gateway, _ in
                let response = try await gateway.get("/")
                #expect(response.status == 200 && response["x-a"] == "b")
            }
        }

        static let violations: [(frame: WireFrame, code: HTTP2ErrorCode)] = [
            (HTTP2Frames.data(7, "x"), .protocolError), (HTTP2Frames.data(2, "x"), .protocolError),
            (WireFrame(type: .settings, payload: [0]), .frameSize),
            (HTTP2Frames.settings(.initialWindow, 0x8000_0000), .flowControl),
            (HTTP2Frames.windowUpdate(0, by: 0), .protocolError),
            (HTTP2Frames.windowUpdate(0, by: 0x7FFF_FFFF), .flowControl),
            (WireFrame(type: .pushPromise, flags: .endHeaders, stream: 1, payload: [0, 0, 0, 2]), .protocolError),
            (WireFrame(type: .headers, flags: .endHeaders, stream: 1, payload: [0x80]), .compression),
        ]

        @Test(arguments: Self.violations.indices)
        func `a violation ends the connection and says why`(index: Int) async throws {
            let (frame, code) = Self.violations[index]
            try await withHTTP2Upstream { frames, connection in
                let head = try await frames.head()
                guard connection == 0 else { return try await frames.answer(head.stream, "again") }
                try await frames.send(frame)
                while true {
                    let received = try await frames.frame()
                    guard received.type == .goAway else { continue }
                    #expect(received.payload.dropFirst(4).prefix(4).reduce(0) { $0 << 8 | UInt32($1) } == code.rawValue)
                    break
                }
            } _: { gateway, _ in
                let response = try await gateway.get("/")
                #expect(response.status == 502)
                let next = try await gateway.get("/next")
                #expect(next.text == "again")
            }
        }

        static let streamViolations: [(frame: WireFrame, code: HTTP2ErrorCode)] = [
            (HTTP2Frames.windowUpdate(1, by: 0), .protocolError),
            (HTTP2Frames.windowUpdate(1, by: 0x7FFF_FFFF), .flowControl),
            (HTTP2Frames.data(1, "x"), .protocolError),
        ]

        @Test(arguments: Self.streamViolations.indices)
        func `a violation on a stream costs that stream alone`(index: Int) async throws {
            let (frame, code) = Self.streamViolations[index]
            try await withHTTP2Upstream { frames, _ in
                _ = try await frames.head()
                try await frames.send(frame)
                let reset = try await frames.next()
                #expect(reset.type == .reset && reset.stream == 1 && reset.code == code.rawValue)
                try await frames.answer(try await frames.head().stream, "next")
                _ = try await frames.head()
            } _: { gateway, upstream in
                let response = try await gateway.get("/")
                #expect(response.status == 502)
                let next = try await gateway.get("/next")
                #expect(next.text == "next")
                #expect(upstream.connections == 1)
            }
        }
    }
}
