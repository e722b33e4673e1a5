#if os(Linux)
    import FoundationEssentials
    import Glibc
    import NIOConcurrencyHelpers
    import NIOCore
    import Testing

    extension EndToEnd {
        /// Resources that the system denies, and leftovers of other programs.
        @Suite(
            .serialized,
            .enabled(if: GatewayProgram.path != nil, "the gateway program is not beside the tests: run `swift build`")
        )
        struct ResourceTests {
            private func withProgram(
                _ file: String,
                arguments: [String] = CommandLineTests.anywhere,
                files: Int? = nil,
                softFiles: Int? = nil,
                _ body: (GatewayProgram) async throws -> Void
            ) async throws {
                try await withFolder { folder in
                    try Data(file.utf8).write(to: URL(filePath: "\(folder)/gateway.toml"))
                    try await body(
                        GatewayProgram(["run"] + arguments, in: folder, files: files, softFiles: softFiles)
                    )
                }
            }

            private static let fixed = "[[routes]]\npath = \"/*\"\nrespond = { body = \"served\" }\n"

            // MARK: Files

            @Test func `without free file descriptors the program neither spins nor exits, and serves again later`()
                async throws
            {
                let answering: ScriptedUpstream.Script = serving { _ in ok("served") }
                try await withUpstream(answering) { upstream in
                    let file = proxy(to: upstream.url, server: "workers = 2", limits: "connections = 1000")
                    try await self.withProgram(file, files: 64) { program in
                        let address = try await program.addresses().listen[0]
                        let early = try await RawConnection.connect(to: address)
                        let crowd = ManyConnections()
                        try crowd.open(300, port: try #require(address.port))
                        try await program.eventually("no descriptor is left") { program.openFiles >= 64 }
                        // An existing client gets an error, since no connection to the upstream can be opened.
                        try await early.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                        let refused = try await early.response()
                        #expect([502, 503].contains(refused.status))
                        // A busy loop would use every one of these seconds. In the first ones there may still be
                        // other work.
                        var busy = Double.infinity
                        for _ in 0..<8 where busy > 0.3 {
                            let before = program.processorTime
                            try await Task.sleep(for: .seconds(1))
                            busy = program.processorTime - before
                        }
                        #expect(busy <= 0.3)
                        crowd.close()
                        try await early.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                        try await program.eventually("descriptors are free again") { program.openFiles < 40 }
                        _ = try await early.response()
                        try await program.expectService()
                        early.close()
                        #expect(program.errors.contains("server.limits.connections is 1000"))
                        program.signal(SIGTERM)
                        let end = try await program.end()
                        #expect(end == 0)
                    }
                }
            }

            @Test(arguments: [8, 10, 16, 24, 32])
            func `with too few descriptors it reports how many it needs and exits with 1`(files: Int)
                async throws
            {
                let file = "[server]\nworkers = 2\n" + Self.fixed
                try await self.withProgram(file, files: files) { program in
                    let end = try await program.end()
                    #expect(end == 1)
                    #expect(program.output == "")
                    let needed = try #require(program.errors.firstRange(of: "needs at least "))
                    let number = Int(program.errors[needed.upperBound...].prefix { $0.isNumber }) ?? 0
                    #expect(program.errors.hasPrefix("error: this process may open \(files) files"))
                    #expect(program.errors.contains("(ulimit -n, LimitNOFILE)"))
                    // The number it reports is enough.
                    #expect((files + 1...64).contains(number))
                    try await self.withProgram(file, files: number) { program in
                        try await program.expectService()
                        program.signal(SIGTERM)
                        let end = try await program.end()
                        #expect(end == 0)
                    }
                }
            }

            @Test func `a soft limit on descriptors is raised at the start`() async throws {
                try await self.withProgram(Self.fixed, softFiles: 16) { program in
                    let crowd = ManyConnections()
                    try crowd.open(50, port: try #require(try await program.addresses().listen[0].port))
                    try await program.eventually("all are connected") { program.openFiles > 50 }
                    try await program.expectService()
                    crowd.close()
                }
            }

            @Test(arguments: [(100, 1, false), (100, 40, false), (100, 1024, true), (180, 1, true)])
            func `warns if clients and upstream connections together need more descriptors than allowed`(
                clients: Int,
                upstream: Int,
                isWarned: Bool
            ) async throws {
                let file = proxy(
                    to: "http://127.0.0.1:9",
                    server: "workers = 2",
                    limits: "connections = \(clients)",
                    upstream: "max_connections = \(upstream)"
                )
                try await self.withProgram(file, files: 200) { program in
                    _ = try await program.addresses()
                    #expect(program.errors.contains("server.limits.connections is \(clients)") == isWarned)
                }
            }

            @Test func `with few descriptors it accepts as many connections as it can serve, and rejects the others`()
                async throws
            {
                try await self.withProgram(Self.fixed, files: 200) { program in
                    let port = try #require(try await program.addresses().listen[0].port)
                    let crowd = ManyConnections()
                    try crowd.open(100, port: port)
                    try await eventuallyAsync("it is full") { (try? await program.get("/").status) == 503 }
                    #expect(program.openFiles < 200)
                    crowd.close()
                    try await eventuallyAsync("it serves again") { (try? await program.get("/").status) == 200 }
                }
            }

            @Test func `a full disk costs log lines, but no responses`() async throws {
                let file = "[log]\naccess = \"/dev/full\"\n" + Self.fixed
                let arguments = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]
                try await self.withProgram(file, arguments: arguments) { program in
                    for _ in 0..<20 {
                        try await program.expectService()
                    }
                    let admin = try #require(try await program.addresses().admin)
                    try await eventuallyAsync("the lines are counted as dropped") {
                        guard let client = try? await RawConnection.connect(to: admin) else { return false }
                        defer { client.close() }
                        try? await client.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
                        return (try? await client.response().text.contains("gateway_log_lines_dropped_total 20\n"))
                            == true
                    }
                    program.signal(SIGTERM)
                    let end = try await program.end()
                    #expect(end == 0)
                }
            }

            @Test(arguments: ["/proc/access.log", "missing/access.log", "."])
            func `a log file that cannot be written is an error at the start`(path: String) async throws {
                try await self.withProgram("[log]\naccess = \"\(path)\"\n" + Self.fixed) { program in
                    let end = try await program.end()
                    #expect(end == 1)
                    #expect(program.output == "")
                    #expect(program.errors.contains("cannot open the log file \(path): "))
                }
            }

            // MARK: Socket files

            @Test func `a stale socket file is replaced, one in use is not`() async throws {
                try await withFolder { folder in
                    try Data(Self.fixed.utf8).write(to: URL(filePath: "\(folder)/gateway.toml"))
                    let arguments = ["run", "--listen", "unix:\(folder)/socket", "--admin", "off"]
                    let killed = try GatewayProgram(arguments, in: folder)
                    _ = try await killed.get("/")
                    killed.signal(SIGKILL)
                    _ = try await killed.end()
                    #expect(access("\(folder)/socket", F_OK) == 0)

                    let serving = try GatewayProgram(arguments, in: folder)
                    try await serving.expectService()
                    try await withFolder { other in
                        try Data(Self.fixed.utf8).write(to: URL(filePath: "\(other)/gateway.toml"))
                        let second = try GatewayProgram(arguments, in: other)
                        let end = try await second.end()
                        #expect(end == 69)
                        #expect(second.errors.contains("socket: Address already in use"))
                    }
                    try await serving.expectService()
                }
            }

            @Test(arguments: [SOCK_DGRAM, SOCK_STREAM].map { Int32($0.rawValue) })
            func `a socket in use that accepts no connection is not replaced`(type: Int32) async throws {
                try await withFolder { folder in
                    let address = try SocketAddress(unixDomainSocketPath: "\(folder)/socket")
                    var sockets = [socket(AF_UNIX, type, 0)]
                    defer { for socket in sockets { close(socket) } }
                    #expect(address.withSockAddr { Glibc.bind(sockets[0], $0, socklen_t($1)) } == 0)
                    // A datagram socket has no accept queue to fill.
                    if listen(sockets[0], 0) == 0 {
                        repeat {
                            sockets.append(socket(AF_UNIX, type | Int32(SOCK_NONBLOCK.rawValue), 0))
                        } while address.withSockAddr { connect(sockets[sockets.count - 1], $0, socklen_t($1)) } == 0
                    }
                    let arguments = ["run", "--listen", "unix:\(folder)/socket", "--admin", "off"]
                    let program = try GatewayProgram(arguments, in: folder)
                    let end = try await program.end()
                    #expect(end == 69)
                    #expect(program.errors.contains("socket: Address already in use"))
                    #expect(access("\(folder)/socket", F_OK) == 0)
                }
            }

            @Test func `a file that is not a socket is not replaced by one`() async throws {
                try await withFolder { folder in
                    let arguments = ["run", "--listen", "unix:\(folder)/gateway.toml", "--admin", "off"]
                    try Data(Self.fixed.utf8).write(to: URL(filePath: "\(folder)/gateway.toml"))
                    let program = try GatewayProgram(arguments, in: folder)
                    let end = try await program.end()
                    #expect(end == 69)
                    #expect(program.errors.contains("the file exists and is not a socket"))
                    #expect(program.read("gateway.toml") == Self.fixed)
                }
            }

            // MARK: Shutdown

            @Test func `SIGTERM under full load cuts no response that has begun`() async throws {
                let begun = NIOLockedValueBox<Set<String>>([])
                let body = String(repeating: "0123456789", count: 3_000)
                let script: ScriptedUpstream.Script = { session in
                    while true {
                        let request = try await session.request()
                        begun.withLockedValue { _ = $0.insert(request.target) }
                        try await session.send(
                            "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n",
                            String(body.prefix(10_000)),
                            String(body.dropFirst(10_000))
                        )
                    }
                }
                try await withUpstream(script) { upstream in
                    let settings = "max_connections = 8\nqueue = \"1m\""
                    try await self.withProgram(proxy(to: upstream.url, upstream: settings)) { program in
                        let address = try await program.addresses().listen[0]
                        let answered = NIOLockedValueBox<Set<String>>([])
                        try await withThrowingTaskGroup(of: Void.self) { group in
                            for lane in 0..<12 {
                                group.addTask {
                                    var number = 0
                                    while let client = try? await RawConnection.connect(to: address) {
                                        defer { client.close() }
                                        while true {
                                            number += 1
                                            let target = "/\(lane)/\(number)"
                                            try? await client.send("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
                                            guard let response = try? await client.response() else { break }
                                            #expect(response.status == 200)
                                            #expect(response.text == body)
                                            answered.withLockedValue { _ = $0.insert(target) }
                                            if response["Connection"] == "close" { break }
                                        }
                                    }
                                }
                            }
                            try await program.eventually("many requests have been answered") {
                                answered.withLockedValue { $0.count } > 300
                            }
                            program.signal(SIGTERM)
                            try await group.waitForAll()
                        }
                        let end = try await program.end()
                        #expect(end == 0)
                        let lost = begun.withLockedValue { $0 }.subtracting(answered.withLockedValue { $0 })
                        #expect(lost == [])
                    }
                }
            }
        }
    }
#endif
