import Foundation
import Testing

/// Keeps `docs/public-api.md` in line with the public declarations of the library.
@Suite struct PublicInterfaceTests {
    private static let targets = [
        "Gateway", "GatewayCore", "GatewayMiddlewares", "GatewaySettings", "GatewayHTTP", "GatewayTesting",
    ]

    @Test func `the manual lists every public declaration`() throws {
        try GeneratedFile(path: "docs/public-api.md", suite: "PublicInterfaceTests")
            .expect(blocks: Self.targets.map { ($0, try Self.declarations(of: $0)) })
    }

    @Test func `import Gateway names every public type`() throws {
        let names = try Repository.read("Sources/Gateway/PublicNames.swift")
        for target in ["GatewayCore", "GatewayMiddlewares", "GatewaySettings", "GatewayHTTP"] {
            let types = try Self.lines(of: target).compactMap { line in
                line.firstMatch(of: /^public (?:final |indirect )*(?:struct|class|enum|protocol) (\w+)/)
            }
            #expect(!types.isEmpty)
            for type in types {
                let name = String(type.output.1)
                #expect(names.contains("public typealias \(name) = \(target).\(name)\n"), "\(name) is missing")
            }
        }
    }

    private static func declarations(of target: String) throws -> String {
        let lines = try self.lines(of: target)
        return "```swift\n" + lines.joined(separator: "\n") + "\n```\n"
    }

    /// The public declarations in the order of files, each on one line without its body.
    private static func lines(of target: String) throws -> [String] {
        let declaration = /^\s*(?:@\w+ )?public (?!import|extension)/
        return try Repository.files(in: "Sources/\(target)", withExtension: "swift").flatMap { file in
            try Repository.read(file).split(separator: "\n", omittingEmptySubsequences: true).compactMap { line in
                guard line.firstMatch(of: declaration) != nil else { return nil }
                let head = line.prefix { $0 != "{" }
                return String(head).replacing(/\s+$/, with: "")
            }
        }
    }
}
