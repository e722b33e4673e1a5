import Foundation
import GatewaySettings
import Testing

@testable import GatewayFormatting

/// The files of this repository are examples of the style.
struct RepositoryFilesTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Those of the peers are templates and no TOML.
    private static let folders = ["deploy", "examples", "benchmarks/soak"]

    private static var files: [URL] {
        let nested = folders.flatMap { folder in
            let found = FileManager.default.enumerator(
                at: root.appending(path: folder),
                includingPropertiesForKeys: nil
            )
            return (found?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "toml" }
        }
        return nested + [root.appending(path: "gateway.toml")]
    }

    @Test func `configuration files are formatted`() throws {
        #expect(Self.files.count > 5)
        for file in Self.files {
            let text = try String(contentsOf: file, encoding: .utf8)
            #expect(try TOMLFormatter.formatted(text, file: file.path) == text, "\(file.path)")
        }
    }

    @Test(arguments: [nil, "http://127.0.0.1:9001"]) func `starter configurations are formatted`(url: String?) throws {
        let text = StarterConfiguration.text(to: url)
        #expect(try TOMLFormatter.formatted(text, file: "") == text)
    }
}
