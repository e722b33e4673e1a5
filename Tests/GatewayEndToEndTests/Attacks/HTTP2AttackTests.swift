import NIOCore
import Testing

extension EndToEnd {
    /// HTTP/2 that no library would send.
    @Suite struct HTTP2AttackTests {
        private static let toml = "[upstreams.u]\ntargets = [\"%\"]\n[[routes]]\npath = \"/*\"\nupstream = \"u\"\n"

        /// Reads requests and answers none.
        private static let silence: ScriptedUpstream.Script = { session in
            _ = try await session.request()
            _ = try await session.connection.rest()
        }

        /// Runs one gateway for all connections of a test.
        private static func withTarget(
            _ body: (RunningGateway, ScriptedUpstream) async throws -> Void
        ) async throws {
            try await withUpstream(Self.silence) { upstream in
                try await withGateway(Self.toml.replacing("%", with: upstream.url)) { gateway in
                    try await body(gateway, upstream)
                }
            }
        }

        /// Connects, and closes the connection behind `body`.
        private static func withClient(
            of gateway: RunningGateway,
            _ body: (FrameClient) async throws -> Void
        ) async throws {
            let client = try await FrameClient.connect(to: gateway)
            defer { client.close() }
            try await body(client)
        }

        // MARK: Floods

        enum Flood: String, CaseIterable {
            case ping, settings, priority, windowUpdate, emptyData, reset, resetProvoked, continuation, headers
        }

        /// The bytes of one of the frames of a flood.
        private static func frames(_ flood: Flood, _ index: UInt32, from client: FrameClient) throws -> [UInt8] {
            let stream = index * 2 + 1
            switch flood {
            case .ping: return FrameClient.frame(FrameClient.ping, payload: Array("12345678".utf8))
            case .settings: return FrameClient.frame(FrameClient.settings)
            case .priority: return FrameClient.frame(2, on: stream, payload: [0, 0, 0, 0, 1])
            case .windowUpdate: return FrameClient.frame(FrameClient.windowUpdate, payload: FrameClient.number(1))
            case .emptyData:
                let fields = FrameClient.request("POST")
                return index == 0
                    ? try client.headers(fields, endsStream: false) : FrameClient.frame(FrameClient.data, on: 1)
            case .reset:
                return try client.headers(FrameClient.request(), on: stream)
                    + FrameClient.frame(FrameClient.reset, on: stream, payload: FrameClient.number(8))
            case .resetProvoked:
                return try client.headers(FrameClient.request(), on: stream)
                    + FrameClient.frame(FrameClient.windowUpdate, on: stream, payload: FrameClient.number(0))
            case .continuation:
                return FrameClient.frame(index == 0 ? FrameClient.headers : FrameClient.continuation, on: 1)
            case .headers:
                guard index == 0 else { return [] }
                // One large field in the table, then a thousand references to it.
                let field = [0x40, 0x01, 0x62, 0x7F, 0xB9, 0x16] + [UInt8](repeating: 97, count: 3_000)
                return FrameClient.frame(
                    FrameClient.headers,
                    5,
                    on: 1,
                    payload: field + [UInt8](repeating: 0xBE, count: 1_000)
                )
            }
        }

        @Test func `a flood ends the connection`() async throws {
            try await Self.withTarget { gateway, _ in
                for flood in Flood.allCases {
                    try await Self.withClient(of: gateway) { client in
                        var bytes: [UInt8] = []
                        for index in UInt32(0)..<510 { bytes += try Self.frames(flood, index, from: client) }
                        try await client.send(bytes)
                        let frame = try #require(try await client.next(FrameClient.goAway))
                        #expect(frame.code == 11, "\(flood)")
                    }
                }
            }
        }

        // MARK: Requests that must never reach the upstream

        static let malformed: [[(String, String)]] = [
            FrameClient.request("GET", "/", ("X-Upper", "1")), FrameClient.request("GET", "/", ("connection", "close")),
            FrameClient.request("GET", "/", ("transfer-encoding", "chunked")),
            FrameClient.request("GET", "/", ("host", "b.example")), FrameClient.request("GET", "/", ("x", "a\r\nb: c")),
            FrameClient.request("GET", "/", ("x", "a\nb: c")), FrameClient.request("GET", "/", ("x", "a\0")),
            FrameClient.request("GET", "/ HTTP/1.1\r\nX: y"), FrameClient.request("GET / HTTP/1.1\r\nX: y\r\n", "/"),
            FrameClient.request("GET", "/", (":path", "/b")), FrameClient.request("GET", ""),
            FrameClient.request("GET", "/", ("content-length", "1")),
            FrameClient.request("GET", "/", ("x y", "1")), FrameClient.request("GET", "/", ("x", " a")),
        ]

        @Test func `a malformed request is reset`() async throws {
            try await Self.withTarget { gateway, upstream in
                try await Self.withClient(of: gateway) { client in
                    for (index, fields) in Self.malformed.enumerated() {
                        let answer = try await client.exchange(fields, on: UInt32(index * 2 + 1))
                        #expect(answer.reset == 1, "\(fields)")
                    }
                    #expect(upstream.connections == 0)
                }
            }
        }

        static let lengths: [(length: String, pieces: [String])] = [
            ("5", ["abc"]), ("2", ["abc"]), ("3", ["abc", "d"]), ("0", ["a"]),
        ]

        @Test func `a body must have the declared length`() async throws {
            try await Self.withTarget { gateway, upstream in
                try await Self.withClient(of: gateway) { client in
                    for (index, (length, pieces)) in Self.lengths.enumerated() {
                        let stream = UInt32(index * 2 + 1)
                        let fields = FrameClient.request("POST", "/", ("content-length", length))
                        try await client.send(client.headers(fields, on: stream, endsStream: false))
                        for piece in pieces.dropLast() {
                            try await client.send(
                                FrameClient.frame(FrameClient.data, on: stream, payload: Array(piece.utf8))
                            )
                        }
                        let last = Array((pieces.last ?? "").utf8)
                        try await client.send(FrameClient.frame(FrameClient.data, 1, on: stream, payload: last))
                        #expect(try await client.answer(on: stream).reset == 1, "\(length)")
                    }
                    // No complete request has arrived.
                    #expect(upstream.requests.isEmpty)
                }
            }
        }

        @Test func `what exceeds a limit is answered, and other streams go on`() async throws {
            try await withGateway("[[routes]]\npath = \"/*\"\nrespond = { status = 204 }\n") { gateway in
                let client = try await FrameClient.connect(to: gateway)
                defer { client.close() }
                let long = FrameClient.request("GET", "/" + String(repeating: "a", count: 9_000))
                #expect(try await client.exchange(long, on: 1).status == 414)
                let many = FrameClient.request() + (0..<101).map { ("x-\($0)", "y") }
                #expect(try await client.exchange(many, on: 3).status == 431)
                #expect(try await client.exchange(FrameClient.request(), on: 5).status == 204)
            }
        }

        @Test func `streams beyond the maximum are refused`() async throws {
            let toml = "[server.http2]\nmax_streams = 1\n" + Self.toml
            try await withUpstream(Self.silence) { upstream in
                try await withGateway(toml.replacing("%", with: upstream.url)) { gateway in
                    let client = try await FrameClient.connect(to: gateway)
                    defer { client.close() }
                    try await client.send(client.headers(FrameClient.request(), on: 1))
                    #expect(try await client.exchange(FrameClient.request(), on: 3).reset == 7)
                }
            }
        }

        static let violations: [(type: UInt8, flags: UInt8, stream: UInt32, payload: [UInt8], code: UInt32)] = [
            (0, 0, 0, [], 1), (1, 5, 2, [0x82], 1), (0, 0, 1, [], 1), (4, 0, 0, [0], 6), (4, 0, 1, [], 1),
            (6, 0, 0, [0], 6), (6, 0, 1, [0, 0, 0, 0, 0, 0, 0, 0], 1), (5, 4, 1, [0, 0, 0, 2], 1),
            (8, 0, 0, [0, 0, 0, 0], 1), (9, 4, 1, [], 1), (3, 0, 1, [0, 0, 0, 0], 1), (1, 5, 1, [0xFF], 9),
            (7, 0, 1, [0, 0, 0, 0, 0, 0, 0, 0], 1), (0, 8, 0, [9], 1),
        ]

        @Test func `a frame that breaks the rules ends the connection`() async throws {
            try await Self.withTarget { gateway, _ in
                for violation in Self.violations {
                    try await Self.withClient(of: gateway) { client in
                        let frame = FrameClient.frame(
                            violation.type,
                            violation.flags,
                            on: violation.stream,
                            payload: violation.payload
                        )
                        try await client.send(frame)
                        #expect(try await client.next(FrameClient.goAway)?.code == violation.code, "\(violation)")
                        #expect(try await client.next(FrameClient.goAway) == nil)
                    }
                }
            }
        }
    }
}
