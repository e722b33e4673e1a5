import Gateway
import Testing

@testable import GatewaySettings

/// Warnings about routes that never match because of an encoded slash in their path.
struct EncodedSlashRoutesTests {
    private static let all = "[[routes]]\nname = \"all\"\npath = \"/*\"\nrespond = {}\n"

    private static func route(_ path: String) -> String {
        "[[routes]]\nname = \"own\"\npath = \"\(path)\"\nrespond = {}\n"
    }

    private static func warnings(_ toml: String) async throws -> [String] {
        try await ConfigurationCheck(toml: toml, environment: [:]).warnings.map(\.text)
    }

    @Test(arguments: ["/a%2Fb", "/a%2fb", "/a%5Cb", "/a%2Fb/{id}", "/a%2Fb/*"])
    func `a path that decodes to that of another route is a warning`(path: String) async throws {
        let warnings = try await Self.warnings(Self.all + Self.route(path))
        #expect(
            warnings == [
                "routes[1].path: route \"own\" never matches: with its encoded slash decoded, the path leads to route "
                    + "\"all\", so requests get 400: write \"/\" for the encoded slash, or {name} for the segment"
            ]
        )
    }

    @Test(arguments: [
        route("/a%2Fb"), all + route("/a/b"), all + route("/a%20b"),
        route("/a%2Fb") + "[[routes]]\npath = \"/a\"\nrespond = {}",
    ])
    func `a path that leads nowhere else is fine`(toml: String) async throws {
        #expect(try await Self.warnings(toml) == [])
    }
}
