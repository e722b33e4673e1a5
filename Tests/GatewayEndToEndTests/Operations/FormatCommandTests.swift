import FoundationEssentials
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// `gateway fmt` and `gateway completion` as a user runs them.
@Suite(.enabled(if: GatewayProgram.path != nil, "the gateway program is not beside the tests: run `swift build`"))
struct FormatCommandTests {
    @Test func `fmt rewrites files, keeps links and modes, and goes past a broken file`() async throws {
        try await withFolder { folder in
            try Self.write("a=1\nb=[1,\n", to: "\(folder)/broken.toml")
            try Self.write("a=1 # c\n", to: "\(folder)/target.toml")
            #expect(chmod("\(folder)/target.toml", 0o640) == 0)
            #expect(symlink("target.toml", "\(folder)/link.toml") == 0)
            let program = try GatewayProgram(["fmt", "broken.toml", "link.toml"], in: folder)
            let code = try await program.end()
            #expect(code == 2)
            #expect(program.output == "link.toml\n")
            #expect(program.errors.hasPrefix("broken.toml:2:3: invalid TOML: "))
            #expect(try Self.text(of: "\(folder)/broken.toml") == "a=1\nb=[1,\n")
            #expect(try Self.text(of: "\(folder)/target.toml") == "a = 1 # c\n")
            let link = try FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/link.toml")
            #expect(link == "target.toml")
            var status = stat()
            let found = stat("\(folder)/target.toml", &status)
            #expect(found == 0)
            #expect(status.st_mode & 0o777 == 0o640)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).allSatisfy { !$0.hasPrefix(".") })
        }
    }

    @Test func `fmt --check names the files that differ and changes nothing`() async throws {
        try await withFolder { folder in
            try Self.write("a=1", to: "\(folder)/gateway.toml")
            try Self.write("a = 1\n", to: "\(folder)/formatted.toml")
            let check = try GatewayProgram(["fmt", "--check", "formatted.toml", "gateway.toml"], in: folder)
            let found = try await check.end()
            #expect(found == 1)
            #expect(check.output == "gateway.toml\n")
            #expect(try Self.text(of: "\(folder)/gateway.toml") == "a=1")
            // Without a file, gateway.toml.
            let format = try GatewayProgram(["fmt"], in: folder)
            let formatted = try await format.end()
            #expect(formatted == 0)
            #expect(try Self.text(of: "\(folder)/gateway.toml") == "a = 1\n")
        }
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func `completion prints a script without an interpreter`(shell: String) async throws {
        try await withFolder { folder in
            let program = try GatewayProgram(["completion", shell], in: folder)
            let code = try await program.end()
            #expect(code == 0)
            #expect(program.output.contains("gateway") && !program.output.hasPrefix("#!"))
        }
    }

    private static func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    private static func text(of path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
    }
}
