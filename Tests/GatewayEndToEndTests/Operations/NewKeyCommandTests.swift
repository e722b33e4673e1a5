import FoundationEssentials
import Testing

@testable import GatewayAccess
@testable import GatewaySettings

/// `gateway key new`, as a user runs it.
@Suite(.enabled(if: GatewayProgram.path != nil, "the gateway program is not beside the tests: run `swift build`"))
struct NewKeyCommandTests {
    private func run(_ arguments: String...) async throws -> (code: Int32, output: String, errors: String) {
        try await withFolder { folder in
            let program = try GatewayProgram(["key", "new"] + arguments, in: folder, environment: [:])
            let code = try await program.end()
            return (code, program.output, program.errors)
        }
    }

    @Test func `prints a key and the table that accepts it`() async throws {
        let result = try await self.run(
            "ann \"a\"",
            "--plan",
            "gold",
            "--scope",
            "read,write",
            "--expires",
            "2999-01-01"
        )
        #expect(result.code == 0)
        let lines = result.output.split(separator: "\n", maxSplits: 1).map(String.init)
        let key = try #require(lines.first)
        #expect(key.hasPrefix("gwk_"))
        #expect(key.utf8.count == 47)
        let entries = try KeyFile(lines[1].replacing("auth.api_key.keys", with: "keys"), file: "keys.toml").entries
        let entry = try #require(entries.first).key
        #expect(entry.name == "ann \"a\"")
        #expect(KeyDigest(hexadecimal: entry.sha256) == Array(key.utf8).withUnsafeBytes { KeyDigest(of: $0) })
        #expect(entry.plan == "gold")
        #expect(entry.scope == ["read", "write"])
        #expect(entry.expires?.settingValue == .date("2999-01-01T00:00:00Z"))
        #expect(!lines[1].contains(key))
    }

    @Test(arguments: [[""], ["a", "--expires", "soon"], ["a", "--expires", "2020-01-01"], []])
    func `rejects what could not be used`(arguments: [String]) async throws {
        try await withFolder { folder in
            let program = try GatewayProgram(["key", "new"] + arguments, in: folder, environment: [:])
            let code = try await program.end()
            #expect(code == 2)
            #expect(program.output.isEmpty)
        }
    }
}
