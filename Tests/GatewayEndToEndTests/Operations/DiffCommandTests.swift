import FoundationEssentials
import Testing

/// `gateway diff`, against the running program and between files.
@Suite(.enabled(if: GatewayProgram.path != nil, "the gateway program is not beside the tests: run `swift build`"))
struct DiffCommandTests {
    private static let file = """
        [[routes]]
        name = "a"
        path = "/*"
        respond = { body = "served" }
        """
    private static let changed = file + "\ntimeout.total = \"90s\"\n"

    /// Runs the program with a file, and commands in the same folder.
    private func withProgram(
        file: String = Self.file,
        arguments: [String] = [],
        environment: [String: String] = [:],
        _ body: (_ run: Commands) async throws -> Void
    ) async throws {
        try await withFolder { folder in
            let commands = Commands(folder: folder)
            try commands.write(file, to: "gateway.toml")
            let flags = ["--listen", "127.0.0.1:0", "--admin", "unix:\(folder)/admin"]
            let program = try GatewayProgram(["run"] + flags + arguments, in: folder, environment: environment)
            _ = try await program.addresses()
            try await body(commands)
        }
    }

    /// Runs commands in a folder below that of the program, where their output goes.
    private struct Commands {
        let folder: String

        func write(_ text: String, to file: String) throws {
            try Data(text.utf8).write(to: URL(filePath: "\(self.folder)/\(file)"))
        }

        func run(
            _ arguments: String...,
            environment: [String: String] = [:]
        ) async throws -> (code: Int32, output: String, errors: String) {
            try await withFolder { own in
                let named = environment.merging(["GATEWAY_ADMIN": "unix:\(self.folder)/admin"]) { own, _ in own }
                let program = try GatewayProgram(arguments, in: own, environment: named)
                let code = try await program.end()
                return (code, program.output, program.errors)
            }
        }
    }

    @Test func `the file that runs does not differ, whatever flags and variables override`() async throws {
        let flags = ["--log-level", "debug"]
        try await self.withProgram(arguments: flags, environment: ["GATEWAY_LOG_LEVEL": "warning"]) { commands in
            let (code, output, errors) = try await commands.run("diff", "\(commands.folder)/gateway.toml")
            #expect(code == 0)
            #expect(output == "")
            #expect(errors == "")
        }
    }

    @Test func `differences are lines, or JSON, and exit with 1`() async throws {
        try await self.withProgram { commands in
            try commands.write(Self.changed, to: "new.toml")
            let text = try await commands.run("diff", "\(commands.folder)/new.toml")
            #expect(text.code == 1)
            #expect(text.output == "~ route a: timeout.total off → 90s\n")
            let json = try await commands.run("diff", "--json", "\(commands.folder)/new.toml")
            #expect(json.code == 1)
            #expect(json.output.contains("\"timeout.total\": {\n"))
        }
    }

    @Test(arguments: ["[server]\nworker = 1\n", "", "broken =\n"])
    func `errors are printed as check prints them, and exit with 2`(text: String) async throws {
        try await self.withProgram { commands in
            let new = "\(commands.folder)/new.toml"
            try commands.write(text, to: "new.toml")
            let (code, output, errors) = try await commands.run("diff", new)
            #expect(code == 2)
            #expect(output == "")
            #expect(errors.hasPrefix("\(new):"))
            let check = try await commands.run("check", "--config", new)
            // The command also prints warnings.
            if check.code == 2 { #expect(check.errors.hasPrefix(errors)) }
        }
    }

    @Test func `variables are those of the gateway, and their values stay there`() async throws {
        let file = "[admin]\ntoken = \"${TOKEN}\"\n" + Self.file
        try await self.withProgram(file: file, environment: ["TOKEN": "s3cret"]) { commands in
            try commands.write(file.replacing("${TOKEN}", with: "other"), to: "new.toml")
            let token = ["GATEWAY_ADMIN_TOKEN": "s3cret"]
            let (code, output, _) = try await commands.run("diff", "\(commands.folder)/new.toml", environment: token)
            #expect(code == 1)
            #expect(output == "~ admin.token [redacted] → [redacted]\n")
            let same = try await commands.run("diff", "\(commands.folder)/gateway.toml", environment: token)
            #expect(same.code == 0)
            let denied = try await commands.run("diff", "\(commands.folder)/new.toml")
            #expect(denied.code == 77)
            #expect(denied.errors.contains("GATEWAY_ADMIN_TOKEN"))
        }
    }

    @Test(arguments: ["diff", "reload"])
    func `without a gateway the commands exit with 69`(command: String) async throws {
        try await withFolder { folder in
            try Data(Self.file.utf8).write(to: URL(filePath: "\(folder)/gateway.toml"))
            let variables = ["GATEWAY_ADMIN": "unix:\(folder)/nowhere"]
            let program = try GatewayProgram([command], in: folder, environment: variables)
            let code = try await program.end()
            #expect(code == 69)
            #expect(program.output == "")
            #expect(program.errors.hasPrefix("no gateway answers: cannot reach unix:\(folder)/nowhere: "))
        }
    }

    @Test func `two files are compared without a gateway`() async throws {
        try await withFolder { folder in
            for (name, text) in ["old.toml": Self.file, "new.toml": Self.changed, "bad.toml": "worker = 1\n"] {
                try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)"))
            }
            for (files, code, output) in [
                (["old.toml", "old.toml"], Int32(0), ""),
                (["old.toml", "new.toml"], 1, "~ route a: timeout.total off → 90s\n"),
                (["new.toml", "old.toml"], 1, "~ route a: timeout.total 90s → off\n"),
                (["old.toml", "bad.toml"], 2, ""),
            ] {
                let program = try GatewayProgram(["diff"] + files, in: folder)
                let end = try await program.end()
                #expect(end == code)
                #expect(program.output == output)
                #expect(program.errors.isEmpty == (code != 2))
            }
        }
    }
}
