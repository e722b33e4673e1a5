import Foundation
import Testing

@testable import Gateway
@testable import GatewayCore

struct PluralTests {
    @Test(arguments: [
        (0, "0 warnings", "0 addresses"), (1, "1 warning", "1 address"), (2, "2 warnings", "2 addresses"),
    ])
    func `a noun agrees with its count`(count: Int, warnings: String, addresses: String) {
        #expect(Plural.of(count, "warning") == warnings)
        #expect(Plural.of(count, "address", "addresses") == addresses)
    }

    /// `\(count) warnings` is wrong for a count of 1, so texts with counts must use ``Plural``.
    @Test func `every text with a count uses it`() throws {
        let nouns = "warnings|errors|requests|connections|routes|upstreams|targets|addresses|seconds|bytes|minutes|keys"
        let counting = try Regex(#"\\\([^()"]*(\([^()]*\))?[^()"]*\) ("# + nouns + #")\b"#)
        let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Sources")
        let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        var found: [String] = []
        for case let file as URL in files where file.pathExtension == "swift" {
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
                let code = line.drop { $0 == " " }
                guard !code.hasPrefix("//"), try counting.firstMatch(in: code) != nil else { continue }
                found.append("\(file.lastPathComponent): \(code)")
            }
        }
        #expect(found == [])
    }
}
