import Testing

@testable import Gateway
@testable import GatewaySettings

struct APIKeyConfigurationTests {
    private static let digest = String(repeating: "0a", count: 32)

    private static func errors(_ toml: String) -> [ConfigurationError] {
        do throws(ConfigurationErrors) {
            _ = try GatewayConfiguration(toml.replacing("DIGEST", with: self.digest), environment: [:])
            return []
        } catch {
            return error.errors
        }
    }

    @Test(arguments: [
        ("[auth.api_key]", 1, "auth.api_key", "there are no keys"),
        (
            "[auth.api_key]\nfile = \"keys.toml\"\nheader = \"X Key\"", 3, "auth.api_key.header",
            "\"X Key\" is not a field name"
        ),
        ("[auth.api_key]\nfile = \"keys.toml\"\nheader = \"\"", 3, "auth.api_key.header", "\"\" is not a field name"),
        (
            "[auth.api_key]\nfile = \"keys.toml\"\nheader = \"Host\"", 3, "auth.api_key.header",
            "\"Host\" says how to read or route a request"
        ),
        (
            "[auth.api_key]\nfile = \"keys.toml\"\nquery = \"a&b\"", 3, "auth.api_key.query",
            "\"a&b\" is not a name of a parameter"
        ),
        ("[[auth.api_key.keys]]\nsha256 = \"DIGEST\"", 1, "auth.api_key.keys[0]", "the key has no name"),
        (
            "[[auth.api_key.keys]]\nname = \"\"\nsha256 = \"DIGEST\"", 2, "auth.api_key.keys[0].name",
            "the key has no name"
        ),
        ("[[auth.api_key.keys]]\nname = \"a\"", 1, "auth.api_key.keys[0]", "the key has no digest"),
        (
            "[[auth.api_key.keys]]\nname = \"a\"\nsha256 = \"a secret\"", 3, "auth.api_key.keys[0].sha256",
            "the value is not a SHA-256 digest of 64 hexadecimal digits"
        ),
        (
            "[[auth.api_key.keys]]\nname = \"a\"\nsha256 = \"DIGEST\"\n[[auth.api_key.keys]]\nname = \"b\"\nsha256 = \"DIGEST\"",
            6, "auth.api_key.keys[1].sha256", "keys[0], of \"a\", has the same digest"
        ),
    ])
    func `mistakes are found where they are`(toml: String, line: Int, key: String, problem: String) throws {
        let errors = Self.errors(toml)
        #expect(errors.count == 1)
        let error = try #require(errors.first)
        #expect(error.line == line)
        #expect(error.key == key)
        #expect(error.message == problem)
        #expect(!error.description.contains("a secret"))
    }

    @Test func `digests are not shown, and are no secrets in plain text`() throws {
        let toml = """
            [[auth.api_key.keys]]
            name = "a"
            sha256 = "\(Self.digest)"
            plan = "gold"
            [[routes]]
            path = "/*"
            respond = { status = 200 }
            """
        let configuration = try GatewayConfiguration(toml, environment: [:])
        #expect(!configuration.redacted().quoted.contains(Self.digest))
        let warnings = configuration.document.warnings.filter { $0.key.hasPrefix("auth") }
        #expect(warnings.map(\.key) == ["auth.api_key.keys[0].plan"])
        #expect(warnings.first?.line == 4)
    }
}
