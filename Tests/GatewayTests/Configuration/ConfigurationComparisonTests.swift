import Foundation
import Gateway
import GatewayMiddlewares
import Testing

@testable import GatewaySettings

/// Each file in `Comparison/` contains two TOML texts and their comparison as text and JSON, separated by lines of
/// dashes. With `GOLDEN=write` in the environment, the comparison is written to the file.
struct ConfigurationComparisonTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Comparison")
    static let files = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter {
        $0.hasSuffix(".txt")
    }.sorted()
    static let environment = ["API_PORT": "9100", "OLD_TOKEN": "old-s3cret", "NEW_TOKEN": "new-s3cret"]
    private static let line = "----------\n"

    @Test(arguments: files)
    func `the comparison matches the golden file`(_ file: String) throws {
        let url = Self.folder.appendingPathComponent(file)
        let text = try String(contentsOf: url, encoding: .utf8)
        let parts = text.components(separatedBy: Self.line)
        try #require(parts.count >= 2)
        let comparison = try Self.comparison(parts[0], parts[1])
        let result =
            comparison.lines.map { $0 + "\n" }.joined() + Self.line + JSONText.text(comparison.json, indented: true)
            + "\n"
        if ProcessInfo.processInfo.environment["GOLDEN"] == "write" {
            let whole = parts[0] + Self.line + parts[1] + Self.line + result
            try whole.write(to: url, atomically: true, encoding: .utf8)
        } else {
            #expect(result == parts.dropFirst(2).joined(separator: Self.line))
        }
        #expect(!result.contains("s3cret"))
        let json = Data(JSONText.text(comparison.json).utf8)
        let decoded = try JSONDecoder().decode(ConfigurationComparison.self, from: json)
        #expect(decoded.routes == comparison.routes)
        #expect(decoded.upstreams == comparison.upstreams)
        // JSON does not distinguish 1 and 1.0.
        #expect(decoded.settings.map(\.key) == comparison.settings.map(\.key))
    }

    @Test
    func `the golden files are found`() {
        #expect(Self.files.count >= 6)
    }

    @Test(arguments: files)
    func `a configuration equals itself, and the differences of the way back are the same`(_ file: String) throws {
        let text = try String(contentsOf: Self.folder.appendingPathComponent(file), encoding: .utf8)
        let parts = text.components(separatedBy: Self.line)
        try #require(parts.count >= 2)
        #expect(try Self.comparison(parts[0], parts[0]).isEmpty)
        #expect(try Self.comparison(parts[1], parts[1]).isEmpty)
        let there = try Self.comparison(parts[0], parts[1])
        let back = try Self.comparison(parts[1], parts[0])
        #expect(there.isEmpty == back.isEmpty)
        #expect(there.routes.added == back.routes.removed)
        #expect(there.upstreams.removed == back.upstreams.added)
        #expect(there.settings.map(\.key) == back.settings.map(\.key))
        #expect(there.settings.map(\.from) == back.settings.map(\.to))
    }

    private static func comparison(_ old: String, _ new: String) throws -> ConfigurationComparison {
        let configurations = try [old, new].map { toml in
            try GatewayConfiguration(toml: toml, environment: self.environment, middlewares: .standard)
        }
        return ConfigurationComparison(from: configurations[0], to: configurations[1], middlewares: .standard)
    }
}
