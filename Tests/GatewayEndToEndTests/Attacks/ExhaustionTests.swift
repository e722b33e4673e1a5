#if os(Linux)
    import FoundationEssentials
    import Glibc
    import NIOCore
    import Testing

    extension EndToEnd {
        /// Clients that use up connections, memory, names and log lines, and never give anything back.
        @Suite(
            .serialized,
            .enabled(if: GatewayProgram.path != nil, "the gateway program is not beside the tests: run `swift build`")
        )
        struct ExhaustionTests {
            /// The timeouts are long enough that no connection is closed before the whole crowd is there, however
            /// slow the machine is.
            private static let file = """
                [server.limits]
                header_timeout = "5m"
                keep_alive = "5m"
                [log]
                access = "access.log"
                [metrics]
                series_limit = 50
                [[routes]]
                name = "fixed"
                path = "/*"
                respond = { body = "served" }
                [[routes]]
                name = "limited"
                path = "/limited/*"
                respond = { body = "served" }
                rate_limit = { limit = "1/hour", key = "header:X-Key", max_keys = 100, algorithm = "token_bucket" }
                """

            private func withProgram(
                _ body: (_ program: GatewayProgram, _ port: Int, _ admin: SocketAddress) async throws -> Void
            ) async throws {
                try await withFolder { folder in
                    try Data(Self.file.utf8).write(to: URL(filePath: "\(folder)/gateway.toml"))
                    let arguments = ["run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]
                    let program = try GatewayProgram(arguments, in: folder)
                    let (listen, admin) = try await program.addresses()
                    try await body(program, try #require(listen[0].port), try #require(admin))
                    program.signal(SIGTERM)
                    let end = try await program.end()
                    #expect(end == 0)
                }
            }

            /// The samples on the metrics page.
            private func metrics(_ admin: SocketAddress) async throws -> [Substring] {
                let client = try await RawConnection.connect(to: admin)
                defer { client.close() }
                try await client.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
                return try await client.response().text.split(separator: "\n").filter { !$0.hasPrefix("#") }
            }

            // MARK: Connections

            struct Crowd: Sendable, CustomTestStringConvertible {
                let testDescription: String
                let connections: Int
                let bytes: [UInt8]
                /// The most memory that one connection may use, in bytes.
                let room: Int
            }

            private static let crowds = [
                Crowd(
                    testDescription: "thousands of silent ones",
                    connections: Thoroughness.count(2_000, thorough: 10_000),
                    bytes: [],
                    room: 24 << 10
                ),
                Crowd(
                    testDescription: "endless heads",
                    connections: Thoroughness.count(200, thorough: 400),
                    bytes: Array(("GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: 30_000)).utf8),
                    room: 160 << 10
                ),
            ]

            @Test(arguments: crowds)
            func `a crowd uses bounded memory, releases it, and others are served`(_ crowd: Crowd)
                async throws
            {
                try await self.withProgram { program, port, admin in
                    for _ in 0..<50 { _ = try await program.get("/") }
                    let files = program.openFiles
                    // Allows for the connections of these requests, which may still be closing.
                    let slack = 10
                    let count = min(crowd.connections, ManyConnections.most)
                    let before = program.residentMemory
                    var held: [Int] = []
                    for _ in 0..<3 {
                        let connections = ManyConnections()
                        try connections.open(count, port: port, sending: crowd.bytes)
                        try await program.eventually("all are connected") { program.openFiles >= files + count - slack }
                        for _ in 0..<20 {
                            try await program.expectService()
                        }
                        held.append(program.residentMemory)
                        connections.close()
                        try await program.eventually("all are closed") { program.openFiles <= files + slack }
                    }
                    #expect(held[0] - before < count * crowd.room, "\((held[0] - before) / count) bytes each")
                    // The allocator keeps what the first crowd used, and must reuse most of it for the next ones.
                    #expect(held[2] < held[0] + held[0] / 4 + (8 << 20), "held \(held)")
                    try await eventuallyAsync("the open connections drop to 0 in the metrics") {
                        let all = (try? await self.metrics(admin)) ?? []
                        let open = all.filter { $0.hasPrefix("gateway_client_connections{") }
                        return !open.isEmpty && open.allSatisfy { $0.hasSuffix(" 0") }
                    }
                }
            }

            @Test func `a flood of short connections leaks nothing`() async throws {
                try await self.withProgram { program, port, _ in
                    _ = try await program.get("/")
                    let files = program.openFiles
                    for round in 0..<Thoroughness.count(8, thorough: 20) {
                        let connections = ManyConnections()
                        let bytes = round % 2 == 0 ? [] : Array("GET / HTTP/1.1\r\nHo".utf8)
                        try connections.open(200, port: port, sending: bytes)
                        connections.close()
                        try await program.expectService()
                    }
                    try await program.eventually("all are gone") { program.openFiles <= files + 10 }
                }
            }

            // MARK: Names

            /// Requests in which the client invents everything it can choose, including text that imitates the start
            /// of a log line.
            private static func madeUp(_ number: Int) -> String {
                """
                M\(number) /limited/%0d%0a\(number)\"}?a=\(number)%0A{\"status\":999} HTTP/1.1\r
                Host: h\(number).example\r
                X-Key: key-\(number)\r
                User-Agent: a\(number)","status":999,"x":"\u{1}\u{1B}[2J\r
                Referer: http://b/\(number)\r
                X-Request-ID: id-\(number)\r
                X-Forwarded-For: 192.0.2.\(number % 256)\r
                \r

                """
                .replacing("\u{1}", with: "").replacing("\u{1B}", with: "")
            }

            private struct Line: Decodable { let status: Int }

            @Test func `invented names create no series and no log lines, and use no memory`() async throws {
                let count = Thoroughness.count(1_500, thorough: 4_000)
                try await self.withProgram { program, _, admin in
                    let client = try await RawConnection.connect(to: try await program.addresses().listen[0])
                    func ask(_ numbers: Range<Int>) async throws {
                        for start in stride(from: numbers.lowerBound, to: numbers.upperBound, by: 50) {
                            try await client.send((start..<(start + 50)).map(Self.madeUp).joined())
                            for _ in 0..<50 {
                                let status = try await client.response().status
                                #expect([200, 429].contains(status))
                            }
                        }
                    }
                    try await ask(0..<500)
                    let series = try await self.metrics(admin).count
                    let memory = program.residentMemory
                    try await ask(500..<count)
                    let after = try await self.metrics(admin).count
                    #expect(after == series)
                    #expect(program.residentMemory < memory + (8 << 20))
                    client.close()
                    try await program.eventually("all are logged") {
                        program.read("access.log").utf8.count { $0 == 0x0A } >= count
                    }
                    let lines = program.read("access.log").split(separator: "\n")
                    #expect(lines.count == count)
                    for line in lines {
                        let status = try JSONDecoder().decode(Line.self, from: Data(line.utf8)).status
                        #expect(status == 200 || status == 429)
                        #expect(line.utf8.allSatisfy { $0 >= 0x20 })
                    }
                    #expect(program.errors == "")
                }
            }
        }
    }
#endif
