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

/// Reloads of the program: by signal and by the admin API.
@Suite(.enabled(if: GatewayProgram.path != nil, "the gateway program is not beside the tests: run `swift build`"))
struct ReloadProgramTests {
    /// The program and its file.
    private struct Subject {
        let program: GatewayProgram
        let admin: SocketAddress

        func write(_ toml: String) throws {
            try Data(toml.utf8).write(to: URL(filePath: "\(self.program.folder)/gateway.toml"), options: .atomic)
        }

        func ask(_ line: String, token: String? = nil) async throws -> Message {
            let client = try await RawConnection.connect(to: self.admin)
            defer { client.close() }
            let fields = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
            try await client.send("\(line) HTTP/1.1\r\nHost: localhost\r\n\(fields)Content-Length: 0\r\n\r\n")
            return try await client.finalResponse()
        }

        func reloads(_ result: String) async throws -> Bool {
            try await self.ask("GET /metrics").text.contains("gateway_config_reloads_total{result=\"\(result)\"} 1\n")
        }
    }

    private static func toml(_ body: String, _ more: String = "") -> String {
        "[[routes]]\nname = \"all\"\npath = \"/*\"\nrespond = { body = \"\(body)\" }\n\(more)"
    }

    private func withProgram(_ toml: String, _ body: (Subject) async throws -> Void) async throws {
        try await withFolder { folder in
            try Data(toml.utf8).write(to: URL(filePath: "\(folder)/gateway.toml"))
            let arguments = ["run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]
            let program = try GatewayProgram(arguments, in: folder)
            let admin = try #require(try await program.addresses().admin)
            try await body(Subject(program: program, admin: admin))
        }
    }

    @Test func `SIGHUP applies the file, twice in a row too`() async throws {
        try await self.withProgram(Self.toml("old")) { subject in
            try subject.write(Self.toml("new"))
            for _ in 0..<2 { subject.program.signal(SIGHUP) }
            try await subject.program.eventually("it has reloaded") {
                subject.program.errors.contains("\"configuration reloaded\"")
            }
            #expect(try await subject.program.get("/").text == "new")
            #expect(subject.program.errors.contains("\"routes_changed\":\"1\""))
        }
    }

    @Test func `a file with errors changes nothing until it is corrected`() async throws {
        try await self.withProgram(Self.toml("old")) { subject in
            try subject.write(Self.toml("new", "[routes.rate_limit]\nlimit = \"x\"\n[server]\nworker = 1\n"))
            subject.program.signal(SIGHUP)
            try await subject.program.eventually("it is refused") { subject.program.errors.contains("reload refused") }
            #expect(subject.program.errors.contains("gateway.toml:6:9: routes[0].rate_limit.limit: "))
            #expect(subject.program.errors.contains("gateway.toml:8:1: "))
            #expect(try await subject.program.get("/").text == "old")
            #expect(try await subject.reloads("refused"))
            let health = try await subject.ask("GET /health")
            #expect(health.status == 200)
            #expect(health.text.contains("\"status\":\"warn\""))
            #expect(health.text.contains("gateway.toml:6:9: routes[0].rate_limit.limit: "))
            try subject.write(Self.toml("new"))
            subject.program.signal(SIGHUP)
            try await eventuallyAsync("it has reloaded") { (try? await subject.reloads("ok")) == true }
            #expect(try await subject.program.get("/").text == "new")
            #expect(try await !subject.ask("GET /health").text.contains("\"status\":\"warn\""))
        }
    }

    @Test func `the admin API compares the file, which stays as it is`() async throws {
        try await self.withProgram(Self.toml("old")) { subject in
            try subject.write(
                Self.toml("new", "[[routes]]\nname = \"more\"\npath = \"/more\"\nrespond = { body = \"\" }\n")
            )
            let changes = try await subject.ask("POST /config/diff?of=file")
            #expect(changes.status == 200)
            #expect(changes.text.contains("\"more\""))
            #expect(try await subject.program.get("/").text == "old")
            try subject.write("broken =")
            let refused = try await subject.ask("POST /config/diff?of=file")
            #expect(refused.status == 422)
            #expect(refused.text.contains("\"valid\": false"))
            let unknown = try await subject.ask("POST /config/diff?of=files")
            #expect(unknown.status == 422)
        }
    }

    @Test func `the admin API answers with the changes or the errors`() async throws {
        try await self.withProgram(Self.toml("old")) { subject in
            try subject.write(
                Self.toml("new", "[[routes]]\nname = \"more\"\npath = \"/more\"\nrespond = { body = \"\" }\n")
            )
            let applied = try await subject.ask("POST /config/reload")
            #expect(applied.status == 200)
            #expect(applied.text.contains("\"more\""))
            #expect(try await subject.program.get("/").text == "new")
            try subject.write("[[routes]]\npath = 1\n")
            let refused = try await subject.ask("POST /config/reload")
            #expect(refused.status == 422)
            #expect(refused.text.contains("\"valid\": false"))
            #expect(refused.text.contains("\"key\": \"routes[0].path\""))
            try subject.write("")
            let empty = try await subject.ask("POST /config/reload")
            #expect(empty.status == 422)
            #expect(try await subject.program.get("/").text == "new")
        }
    }

    @Test func `settings that need a restart are warnings`() async throws {
        try await self.withProgram(Self.toml("old")) { subject in
            try subject.write(Self.toml("new", "[server]\nworkers = 7\n"))
            let applied = try await subject.ask("POST /config/reload")
            #expect(applied.status == 200)
            #expect(applied.text.contains("\"key\": \"server.workers\""))
            #expect(subject.program.errors.contains("server.workers"))
            #expect(try await subject.program.get("/").text == "new")
        }
    }

    @Test func `level and access log change, and flags keep their precedence`() async throws {
        try await self.withProgram(Self.toml("old")) { subject in
            let more = "[log]\nlevel = \"debug\"\naccess = \"access.log\"\n[server]\nlisten = [\"127.0.0.1:1\"]\n"
            try subject.write(Self.toml("new", more))
            #expect(try await subject.ask("POST /config/reload").status == 200)
            #expect(try await subject.program.get("/logged").text == "new")
            try await subject.program.eventually("a line in the new log") {
                subject.program.read("access.log").contains("/logged")
            }
            #expect(!subject.program.output.contains("/logged"))
            #expect(subject.program.errors.contains("\"configuration reloaded\""))
        }
    }

    @Test func `a token applies at once`() async throws {
        try await self.withProgram(Self.toml("old")) { subject in
            try subject.write(Self.toml("new", "[admin]\ntoken = \"s3cret-s3cret-s3cret\"\n"))
            #expect(try await subject.ask("POST /config/reload").status == 200)
            #expect(try await subject.ask("POST /config/reload").status == 401)
            #expect(try await subject.ask("POST /config/reload", token: "s3cret-s3cret-s3cret").status == 200)
        }
    }
}
