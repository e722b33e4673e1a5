import FoundationEssentials
import NIOCore
import Testing

@testable import GatewayCore
@testable import GatewayMiddlewares
@testable import GatewaySettings

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The program as a user runs it: exit codes, output and configuration.
@Suite(.enabled(if: GatewayProgram.path != nil, "the gateway program is not beside the tests: run `swift build`"))
struct CommandLineTests {
    static let anywhere = ["--listen", "127.0.0.1:0", "--admin", "off"]

    /// Runs a command until it exits.
    private func run(
        _ arguments: String...,
        files: [String: String] = [:],
        environment: [String: String] = [:]
    ) async throws -> (code: Int32, output: String, errors: String) {
        try await withFolder { folder in
            for (name, text) in files { try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)")) }
            let program = try GatewayProgram(arguments, in: folder, environment: environment)
            let code = try await program.end()
            return (code, program.output, program.errors)
        }
    }

    // MARK: Exit codes

    @Test(arguments: [["--version"], ["--help"], ["help", "run"], ["run", "--help"], ["schema"]])
    func `commands that only print exit with 0`(arguments: [String]) async throws {
        try await withFolder { folder in
            let program = try GatewayProgram(arguments, in: folder)
            let end = try await program.end()
            #expect(end == 0)
            #expect(!program.output.isEmpty)
            #expect(program.errors == "")
        }
    }

    @Test(
        arguments: [
            ["--bogus"], ["fly"], ["run", "--listen"], ["run", "--to", "http://a", "--config", "b"],
            ["run", "--to", "ftp://a"], ["run", "--config", "missing.toml"], ["run", "--listen", ":80"],
            ["run", "--log-level", "loud"], ["run", "--admin", "here"], ["explain", "GET"],
            ["explain", "GET", "users"],
            ["explain", "GET", "/", "-H", "X"], ["explain", "GET", "/", "--from", "me"], ["check"],
            ["demo", "--listen", "x:y"], ["healthcheck", "--admin", "x:y"],
        ]
    )
    func `an invalid command line or configuration exits with 2`(arguments: [String]) async throws {
        try await withFolder { folder in
            let program = try GatewayProgram(arguments, in: folder)
            let end = try await program.end()
            #expect(end == 2)
            #expect(program.output == "")
            #expect(!program.errors.isEmpty)
        }
    }

    @Test func `errors in a file are plain lines with their positions, reported all at once`() async throws {
        let file = "[server]\nworker = 1\n[[routes]]\npath = \"/\"\nupstream = \"api\"\n"
        let (code, output, errors) = try await self.run("run", files: ["gateway.toml": file])
        #expect(code == 2)
        #expect(output == "")
        let lines = errors.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.first?.hasPrefix("gateway.toml:2:1: server.worker: ") == true)
        #expect(lines.last?.hasPrefix("gateway.toml:5:12: routes[0].upstream: ") == true)
    }

    @Test func `errors in several flags and variables are reported together`() async throws {
        let (code, _, errors) = try await self.run(
            "run",
            "--listen",
            ":1",
            environment: ["GATEWAY_ADMIN": "x", "GATEWAY_LOG_LEVEL": "loud"]
        )
        #expect(code == 2)
        #expect(
            errors.split(separator: "\n").map { $0.prefix { $0 != ":" } } == [
                "--listen", "GATEWAY_ADMIN", "GATEWAY_LOG_LEVEL",
            ]
        )
    }

    @Test func `an address in use exits with 69 and suggests a fix`() async throws {
        try await withProgram { first in
            let taken = "127.0.0.1:\(try await first.addresses().listen[0].port ?? 0)"
            let (code, output, errors) = try await self.run("run", "--listen", taken, "--admin", "off")
            #expect(code == 69)
            #expect(output == "")
            #expect(errors.hasPrefix("cannot listen on \(taken): Address already in use: "))
            let (admin, _, _) = try await self.run("run", "--listen", "127.0.0.1:0", "--admin", taken)
            #expect(admin == 69)
        }
    }

    @Test(arguments: [0, 1, 2])
    func `check counts warnings in English`(count: Int) async throws {
        let upstreams = ["a", "b"].prefix(count).map { "[upstreams.\($0)]\nbuiltin = \"demo\"\n" }.joined()
        let file = upstreams + "[[routes]]\npath = \"/\"\nrespond = {}\n"
        let (code, output, _) = try await self.run("check", files: ["gateway.toml": file])
        #expect(code == 0)
        let expected = ["", ", with 1 warning", ", with 2 warnings"][count]
        #expect(output == "gateway.toml is valid\(expected)\n")
    }

    // MARK: Serving

    /// Runs `gateway run` on a free port while `body` runs.
    private func withProgram(
        _ arguments: [String] = Self.anywhere,
        file: String? = nil,
        environment: [String: String] = [:],
        _ body: (GatewayProgram) async throws -> Void
    ) async throws {
        try await withFolder { folder in
            if let file { try Data(file.utf8).write(to: URL(filePath: "\(folder)/gateway.toml")) }
            let program = try GatewayProgram(["run"] + arguments, in: folder, environment: environment)
            try await body(program)
        }
    }

    @Test func `in a pipe the start screen and all further output are JSON lines`() async throws {
        try await self.withProgram(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]) { program in
            let (listen, admin) = try await program.addresses()
            #expect(listen.count == 1)
            #expect(admin != nil)
            let response = try await program.get("/json")
            #expect(response.status == 200)
            try await program.eventually("the access log") { program.output.contains("\"path\":\"/json\"") }
            for line in program.output.split(separator: "\n") {
                #expect(throws: Never.self) { try JSONDecoder().decode([String: Ignored].self, from: Data(line.utf8)) }
            }
            #expect(program.errors == "")
        }
    }

    private struct Ignored: Decodable { init(from decoder: any Decoder) {} }

    @Test func `without a file the demo upstream is served`() async throws {
        try await self.withProgram { program in
            let response = try await program.get("/echo")
            #expect(response.status == 200)
            #expect(response["X-Request-ID"] != nil)
        }
    }

    @Test(arguments: [["check"], ["explain", "GET", "/hi"], ["healthcheck"], ["run", "--listen", "x"]])
    func `an empty GATEWAY_CONFIG is ignored by every command`(arguments: [String]) async throws {
        let file = "[admin]\nlisten = \"off\"\n[[routes]]\nname = \"hi\"\npath = \"/hi\"\nrespond = {}\n"
        try await withFolder { folder in
            try Data(file.utf8).write(to: URL(filePath: "\(folder)/gateway.toml"))
            var ends: [String] = []
            for environment in [[:], ["GATEWAY_CONFIG": ""]] {
                let program = try GatewayProgram(arguments, in: folder, environment: environment)
                ends.append("\(try await program.end()) \(program.output) \(program.errors)")
            }
            #expect(ends[0] == ends[1])
        }
    }

    @Test func `a gateway.toml in the folder is used, and flags override it`() async throws {
        let file = """
            [server]
            listen = ["192.0.2.1:1"]
            [admin]
            listen = "192.0.2.1:2"
            [[routes]]
            path = "/hi"
            respond = { body = "from the file" }
            """
        try await self.withProgram(file: file) { program in
            let response = try await program.get("/hi")
            #expect(response.text == "from the file")
            let addresses = try await program.addresses()
            #expect(addresses.admin == nil)
        }
    }

    @Test func `environment variables replace flags, and flags override them`() async throws {
        let environment = [
            "GATEWAY_CONFIG": "other.toml", "GATEWAY_LISTEN": "127.0.0.1:0, [::1]:0", "GATEWAY_ADMIN": "127.0.0.1:0",
            "GATEWAY_LOG_LEVEL": "critical",
        ]
        try await withFolder { folder in
            let file = "[[routes]]\npath = \"/*\"\nrespond = { body = \"other\" }"
            try Data(file.utf8).write(to: URL(filePath: "\(folder)/other.toml"))
            let arguments = ["run", "--log-level", "info", "--admin", "off"]
            let program = try GatewayProgram(arguments, in: folder, environment: environment)
            let (listen, admin) = try await program.addresses()
            #expect(listen.count == 2)
            #expect(admin == nil)
            let response = try await program.get("/")
            #expect(response.text == "other")
        }
    }

    @Test func `--to puts the gateway in front of one upstream`() async throws {
        let script: ScriptedUpstream.Script = { session in try await session.serve { ok("got \($0.target)") } }
        try await withUpstream(script) { upstream in
            try await self.withProgram(["--to", upstream.url] + Self.anywhere) { program in
                let response = try await program.get("/a?b")
                #expect(response.text == "got /a?b")
            }
        }
    }

    @Test func `demo runs a plain server`() async throws {
        try await withFolder { folder in
            let program = try GatewayProgram(["demo", "--listen", "127.0.0.1:0"], in: folder)
            let response = try await program.get("/json")
            #expect(response.status == 200)
            #expect(response["X-Request-ID"] == nil)
            // The response shows the request.
            let client = try await RawConnection.connect(to: program.addresses().listen[0])
            defer { client.close() }
            try await client.send("GET /echo HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\nX-CSP-Nonce: n\r\n\r\n")
            let echo = try await client.response()
            #expect(echo.text.contains("\"X-Forwarded-Proto\": \"https\""))
            #expect(echo.text.contains("\"X-CSP-Nonce\": \"n\""))
            program.signal(SIGTERM)
            let end = try await program.end()
            #expect(end == 0)
        }
    }

    // MARK: explain, healthcheck

    private static let routes = """
        [upstreams.api]
        targets = ["http://127.0.0.1:9001"]
        [[routes]]
        name = "users"
        path = "/users/{id}"
        methods = ["GET"]
        upstream = "api"
        rewrite = "/internal/{id}"
        [[routes]]
        name = "versioned"
        path = "/users/{id}"
        match_headers = { X-Api-Version = "2" }
        upstream = "api"
        """

    @Test func `explain describes in words how a request is handled`() async throws {
        let files = ["gateway.toml": Self.routes]
        let (code, output, errors) = try await self.run("explain", "GET", "http://a.example/users/7?x=1", files: files)
        #expect(code == 0)
        #expect(errors == "")
        #expect(output.contains("users (gateway.toml:3)"))
        #expect(output.contains("http://127.0.0.1:9001/internal/7?x=1"))
        #expect(output.contains("header x-api-version: must be \"2\""))
        #expect(output.contains("first_byte"))
        #expect(!output.contains("\u{1B}"))
    }

    @Test func `explain says why a connection fails`() async throws {
        let file = """
            [server]
            listen = ["https://127.0.0.1:8443"]
            [server.tls]
            certificate = "cert.pem"
            key = "key.pem"
            [[routes]]
            path = "/*"
            respond = {}
            """
        let (code, output, _) = try await self.run("explain", "GET", "http://a/", files: ["gateway.toml": file])
        #expect(code == 1)
        #expect(output.contains("none: the connection fails: no address in server.listen is without TLS\n"))
    }

    private struct Explanation: Decodable {
        struct Request: Decodable {
            enum CodingKeys: String, CodingKey {
                case method, url
                case clientIP = "client_ip"
            }
            let method, url, clientIP: String
        }
        struct Route: Decodable { let name: String, line: Int? }
        struct Rejection: Decodable { let route, reason: String }
        struct Setting: Decodable { let source: String }
        struct Middleware: Decodable { let name: String, enabled: Bool, settings: [String: Setting] }
        struct Upstream: Decodable { let name, url: String }
        let request: Request, route: Route?, rejected: [Rejection], middlewares: [Middleware], upstream: Upstream?
        let status: Int?
    }

    @Test func `explain prints JSON`() async throws {
        let (code, output, _) = try await self.run(
            "explain",
            "POST",
            "/users/7",
            "-H",
            "x-api-version: 2",
            "--from",
            "192.0.2.9",
            "--config",
            "a.toml",
            "--json",
            files: ["a.toml": Self.routes]
        )
        #expect(code == 0)
        let explanation = try JSONDecoder().decode(Explanation.self, from: Data(output.utf8))
        #expect(explanation.request.clientIP == "192.0.2.9")
        #expect(explanation.route?.name == "versioned")
        #expect(explanation.route?.line == 9)
        #expect(explanation.rejected.map(\.route) == ["users"])
        #expect(explanation.upstream?.url == "http://127.0.0.1:9001/users/7")
        #expect(explanation.middlewares.contains { $0.name == "timeout" && $0.enabled && !$0.settings.isEmpty })
        #expect(explanation.status == nil)
    }

    @Test(arguments: [("/nowhere", 404), ("/users/7", 405), ("/../", 400)])
    func `explain exits with 1 if no route matches the request`(url: String, status: Int) async throws {
        let files = ["gateway.toml": Self.routes]
        let (code, output, _) = try await self.run("explain", "DELETE", url, "--json", files: files)
        #expect(code == 1)
        let explanation = try JSONDecoder().decode(Explanation.self, from: Data(output.utf8))
        #expect(explanation.route == nil)
        #expect(explanation.upstream == nil)
        #expect(explanation.status == status)
    }

    @Test(arguments: ["127.0.0.1:0", "[::1]:0", "unix"])
    func `healthcheck exits with 0 while the gateway is ready, else with 1`(listen: String) async throws {
        try await withFolder { folder in
            let address = listen == "unix" ? "unix:\(folder)/admin" : listen
            let program = try GatewayProgram(["run", "--listen", "127.0.0.1:0", "--admin", address], in: folder)
            let admin = try #require(try await program.addresses().admin)
            let host = admin.ipAddress.map { $0.contains(":") ? "[\($0)]" : $0 } ?? ""
            let bound = listen == "unix" ? address : "\(host):\(admin.port ?? 0)"
            let file = ["gateway.toml": "[admin]\nlisten = \"\(bound)\"\n"]
            let byFlag = try await self.run("healthcheck", "--admin", bound)
            let byVariable = try await self.run("healthcheck", environment: ["GATEWAY_ADMIN": bound])
            let byFile = try await self.run("healthcheck", files: file)
            #expect([byFlag.code, byVariable.code, byFile.code] == [0, 0, 0])
            program.signal(SIGTERM)
            let end = try await program.end()
            #expect(end == 0)
            let (code, _, errors) = try await self.run("healthcheck", "--admin", bound)
            #expect(code == 1)
            #expect(errors.hasPrefix("not ready: cannot reach \(bound): "))
        }
    }
}
