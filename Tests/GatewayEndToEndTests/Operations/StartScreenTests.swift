import FoundationEssentials
import Testing

/// The output of the program in a terminal.
@Suite(.enabled(if: GatewayProgram.path != nil, "the gateway program is not beside the tests: run `swift build`"))
struct StartScreenTests {
    private func screen(_ file: String, environment: [String: String] = [:]) async throws -> String {
        let terminal = try PseudoTerminal()
        return try await withFolder { folder in
            try Data(file.utf8).write(to: URL(filePath: "\(folder)/gateway.toml"))
            let arguments = ["run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]
            let program = try GatewayProgram(arguments, in: folder, environment: environment, output: terminal.path)
            try await program.eventually("the start screen") { terminal.text.contains("/metrics") }
            return terminal.text
        }
    }

    private static let file = """
        [upstreams.api]
        targets = ["http://127.0.0.1:9001", "http://127.0.0.1:9002"]
        [[routes]]
        name = "users"
        hosts = ["api.example.com"]
        path = "/users/{id}"
        methods = ["GET", "PUT"]
        upstream = "api"
        [[routes]]
        name = "old"
        path = "/old"
        redirect = { to = "/new" }
        """

    @Test func `the start screen shows the listeners, the routes and a request to try`() async throws {
        let screen = try await self.screen(Self.file, environment: ["NO_COLOR": "1"])
        #expect(screen.contains("Listening  http://127.0.0.1:"))
        #expect(screen.contains("Admin      http://127.0.0.1:"))
        #expect(
            screen.contains(
                "users  api.example.com/users/{id}  GET,PUT  → api http://127.0.0.1:9001, http://127.0.0.1:9002"
            )
        )
        #expect(screen.contains("old    /old                        any      → 308 to /new"))
        #expect(screen.contains("curl -i -H 'Host: api.example.com' http://127.0.0.1:"))
        #expect(screen.split(whereSeparator: \.isNewline).filter { $0.contains("curl") }.count == 3)
        #expect(!screen.contains("\u{1B}"))
    }

    @Test func `a terminal gets colors`() async throws {
        #expect(try await self.screen(Self.file).contains("\u{1B}["))
    }

    @Test func `a long list of routes ends with a count`() async throws {
        let routes = (1...25).map { "[[routes]]\npath = \"/r\($0)\"\nrespond = { body = \"\" }\n" }.joined()
        let screen = try await self.screen(routes, environment: ["NO_COLOR": "1"])
        #expect(screen.contains("… and 5 more"))
        #expect(!screen.contains("/r21 "))
    }
}
