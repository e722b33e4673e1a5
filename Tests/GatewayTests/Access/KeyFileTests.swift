import Testing

@testable import GatewaySettings

struct KeyFileTests {
    private static let digest = String(repeating: "0a", count: 32)

    private static func keys(_ text: String) throws -> [KeyConfiguration] {
        try KeyFile(text, file: "keys.toml").entries.map(\.key)
    }

    @Test func `reads all settings of a key, and its line`() throws {
        let text = """
            # Keys of customers
            [[keys]]
            name = "acme"      # one
            sha256 = '\(Self.digest)'
            plan = "admin"
            scope = ["read", 'write',]
            expires = 2027-01-01
            enabled = false

            [[keys]]\r
            name = "bob"\r
            sha256 = "\(Self.digest)"
            expires = 2027-01-01T12:00:00+02:00
            """
        let entries = try KeyFile(text, file: "keys.toml").entries
        #expect(entries.map(\.line) == [2, 10])
        #expect(entries[0].key.name == "acme")
        #expect(entries[0].key.sha256 == Self.digest)
        #expect(entries[0].key.plan == "admin")
        #expect(entries[0].key.scope == ["read", "write"])
        #expect(entries[0].key.expires?.seconds == 1_798_761_600)
        #expect(!entries[0].key.enabled)
        #expect(entries[1].key.expires?.seconds == 1_798_797_600)
        #expect(entries[1].key.enabled)
    }

    /// Texts of which the quick reader understands only the first.
    @Test(arguments: [
        "[[keys]]\nname = \"a b\"\nsha256 = \"DIGEST\"\nscope = [\"x\"]\n",
        "keys = [{ name = \"a b\", sha256 = \"DIGEST\", scope = [\"x\"] }]",
        "[[ keys ]]\n\"name\" = \"\"\"a b\"\"\"\nsha256 = \"DIGEST\"\nscope = [\n  \"x\"\n]",
        "[[keys]]\nname = \"a\\u0020b\"\nsha256 = \"DIGEST\"\nscope = ['x']",
    ])
    func `accepts all forms of TOML`(text: String) throws {
        let keys = try Self.keys(text.replacing("DIGEST", with: Self.digest))
        var expected = KeyConfiguration()
        (expected.name, expected.sha256, expected.scope) = ("a b", Self.digest, ["x"])
        #expect(keys == [expected])
    }

    @Test func `an empty file has no keys`() throws {
        #expect(try Self.keys("").isEmpty)
        #expect(try Self.keys("# none\n").isEmpty)
    }

    @Test(arguments: [
        ("[[keys]]\nsha256 = \"DIGEST\"", 1, "the key has no name"),
        ("[[keys]]\nname = \"a\"", 1, "the key has no digest"),
        (
            "\n[[keys]]\nname = \"a\"\nsha256 = \"my secret key\"", 2,
            "the value is not a SHA-256 digest of 64 hexadecimal digits"
        ),
        ("[[keys]]\nname = \"a\"\nsha256 = 12345", 3, "the value is not a string"),
        ("[[keys]]\nname = \"a\"\nname = \"b\"", 3, "invalid TOML: \"name\" is already defined in line 2"),
        ("[[keys]]\nname = \"a\nsha256 = \"DIGEST\"", 2, ""),
        ("[[keys]]\nname = \"a\"\nsha = \"DIGEST\"", 3, ""),
        ("[[keys]]\nname = \"a\"\nsha256 = \"DIGEST\"\nexpires = 2027-02-30", 4, ""),
        ("[[keys]]\nname = \"a\"\nsha256 = \"DIGEST\"\nenabled = 1", 4, ""),
        ("name = \"a\"", 1, ""),
    ])
    func `mistakes have their line, and never show what may be a key`(text: String, line: Int, problem: String) throws {
        let errors = #expect(throws: ConfigurationErrors.self) {
            try Self.keys(text.replacing("DIGEST", with: Self.digest))
        }
        let error = try #require(errors?.errors.first)
        #expect(error.line == line)
        if !problem.isEmpty { #expect(error.message == problem) }
        #expect(
            errors?.errors.contains { $0.description.contains("secret") || $0.description.contains("12345") } == false
        )
    }
}
