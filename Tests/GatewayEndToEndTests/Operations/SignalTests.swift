import FoundationEssentials
import NIOCore
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How the program reacts to signals.
@Suite(.enabled(if: GatewayProgram.path != nil, "the gateway program is not beside the tests: run `swift build`"))
struct SignalTests {
    /// Runs the program in front of an upstream that holds `/held` until released, with one such request open.
    private func withHeldRequest(
        drainTimeout: String,
        _ body: (_ program: GatewayProgram, _ client: RawConnection, _ go: Signal) async throws -> Void
    ) async throws {
        let go = Signal()
        let script: ScriptedUpstream.Script = { session in
            try await session.serve { request in
                if request.target == "/held" { try await go.wait() }
                return ok(request.target)
            }
        }
        try await withUpstream(script) { upstream in
            try await withFolder { folder in
                let file = proxy(to: upstream.url, server: "drain_timeout = \"\(drainTimeout)\"")
                try Data(file.utf8).write(to: URL(filePath: "\(folder)/gateway.toml"))
                let program = try GatewayProgram(["run"] + CommandLineTests.anywhere, in: folder)
                let client = try await RawConnection.connect(to: try await program.addresses().listen[0])
                try await client.send("GET /held HTTP/1.1\r\nHost: a.example\r\n\r\n")
                try await eventually("it has reached the upstream") { upstream.requests.count == 1 }
                try await body(program, client, go)
                client.close()
            }
        }
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func `SIGTERM and SIGINT let open requests finish, and exit with 0`(signal: Int32) async throws {
        try await self.withHeldRequest(drainTimeout: "30s") { program, client, go in
            program.signal(signal)
            try await program.eventually("it drains") { program.errors.contains("\"draining\"") }
            go.fire()
            let response = try await client.finalResponse()
            #expect(response.text == "/held")
            let end = try await program.end()
            #expect(end == 0)
            #expect(program.errors.contains("\"stopped\""))
        }
    }

    @Test func `a second signal exits at once`() async throws {
        try await self.withHeldRequest(drainTimeout: "10m") { program, client, go in
            program.signal(SIGTERM)
            try await program.eventually("it drains") { program.errors.contains("\"draining\"") }
            program.signal(SIGINT)
            let end = try await program.end()
            #expect(end == 1)
            go.fire()
        }
    }

    @Test func `requests that outlast the drain timeout make it exit with 1`() async throws {
        try await self.withHeldRequest(drainTimeout: "10ms") { program, client, go in
            program.signal(SIGTERM)
            let end = try await program.end()
            #expect(end == 1)
            #expect(program.errors.contains("drain_timeout ended: 1 connection cut off"))
            go.fire()
        }
    }

    #if os(Linux)
        @Test(arguments: [[SIGUSR1, SIGTERM], [SIGUSR1, SIGUSR1, SIGTERM, SIGINT]])
        func `a log that nobody reads does not delay signals`(signals: [Int32]) async throws {
            let code: Int32 = signals.last == SIGTERM ? 0 : 1
            try await withFolder { folder in
                let pipe = "\(folder)/pipe"
                #expect(mkfifo(pipe, 0o600) == 0)
                let descriptor = open(pipe, O_RDWR | O_NONBLOCK)
                defer { close(descriptor) }
                // With a long drain delay, only the second signal ends the program.
                let delay = code == 0 ? "0s" : "10m"
                let file = """
                    [server]
                    listen = ["unix:\(folder)/socket"]
                    drain_delay = "\(delay)"
                    [log]
                    access = "stdout"
                    [[routes]]
                    path = "/*"
                    respond = { body = "served" }
                    """
                try Data(file.utf8).write(to: URL(filePath: "\(folder)/gateway.toml"))
                let program = try GatewayProgram(["run", "--admin", "off"], in: folder, output: pipe)
                try await program.eventually("it listens") { access("\(folder)/socket", F_OK) == 0 }
                let client = try await RawConnection.connect(
                    to: try SocketAddress(unixDomainSocketPath: "\(folder)/socket")
                )
                defer { client.close() }
                // Far more than the pipe and the log's buffers can hold.
                for _ in 0..<200 {
                    let path = String(repeating: "a", count: 4000)
                    try await client.send("GET /\(path) HTTP/1.1\r\nHost: a.example\r\n\r\n")
                    #expect(try await client.response().status == 200)
                }
                client.close()
                for signal in signals {
                    program.signal(signal)
                    guard signal == SIGTERM, code != 0 else { continue }
                    try await program.eventually("it drains") { program.errors.contains("\"draining\"") }
                }
                let end = try await program.end()
                #expect(end == code)
            }
        }
    #endif

    @Test func `SIGHUP without a file changes nothing and is logged`() async throws {
        try await withFolder { folder in
            let program = try GatewayProgram(["run"] + CommandLineTests.anywhere, in: folder)
            _ = try await program.addresses()
            program.signal(SIGHUP)
            try await program.eventually("a notice") { program.errors.contains("\"level\":\"notice\"") }
            let response = try await program.get("/json")
            #expect(response.status == 200)
        }
    }

    @Test func `SIGUSR1 reopens the log file after it was moved away`() async throws {
        try await withFolder { folder in
            let file = """
                [log]
                access = "access.log"
                [[routes]]
                path = "/*"
                respond = { body = "" }
                """
            try Data(file.utf8).write(to: URL(filePath: "\(folder)/gateway.toml"))
            let program = try GatewayProgram(["run"] + CommandLineTests.anywhere, in: folder)
            _ = try await program.get("/before")
            try await program.eventually("a line") { program.read("access.log").hasSuffix("\n") }
            #expect(rename("\(folder)/access.log", "\(folder)/old.log") == 0)
            program.signal(SIGUSR1)
            try await program.eventually("a notice") { program.errors.contains("log files reopened") }
            _ = try await program.get("/after")
            try await program.eventually("a line") { program.read("access.log").hasSuffix("\n") }
            #expect(program.read("access.log").contains("/after"))
            #expect(program.read("old.log").split(separator: "\n").count == 1)
            #expect(program.read("old.log").contains("/before"))
        }
    }

    @Test func `SIGUSR1 keeps the old file if the new one cannot be created`() async throws {
        try await withFolder { folder in
            let file = "[log]\naccess = \"logs/access.log\"\n[[routes]]\npath = \"/*\"\nrespond = { body = \"\" }\n"
            try Data(file.utf8).write(to: URL(filePath: "\(folder)/gateway.toml"))
            #expect(mkdir("\(folder)/logs", 0o700) == 0)
            let program = try GatewayProgram(["run"] + CommandLineTests.anywhere, in: folder)
            _ = try await program.addresses()
            #expect(rename("\(folder)/logs", "\(folder)/moved") == 0)
            program.signal(SIGUSR1)
            try await program.eventually("an error") { program.errors.contains("cannot reopen log files") }
            _ = try await program.get("/after")
            try await program.eventually("a line") { program.read("moved/access.log").contains("/after") }
        }
    }
}
