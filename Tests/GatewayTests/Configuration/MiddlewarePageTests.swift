import FoundationEssentials
import Testing

@testable import Gateway

/// `docs/middlewares.md` against the middlewares that there are.
@Suite struct MiddlewarePageTests {
    private static func page() throws -> String {
        var root = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { root.deleteLastPathComponent() }
        return try String(contentsOf: root.appendingPathComponent("docs/middlewares.md"), encoding: .utf8)
    }

    @Test func `each middleware has a section, in the order of the chain`() throws {
        let headings = try Self.page().split(separator: "\n").filter { $0.hasPrefix("## ") }
        let named = headings.flatMap {
            $0.split(separator: "`").filter { $0.allSatisfy { $0.isLowercase || $0 == "_" } }
        }
        #expect(named.map(String.init) == StandardMiddlewares.all.map(\.description.name))
    }

    @Test func `its examples are valid`() async throws {
        let blocks = try Self.page().components(between: "```toml\n", and: "```")
        #expect(blocks.count == StandardMiddlewares.all.count - 1)
        for block in blocks {
            let route = block.contains("[[routes]]") ? "" : "[[routes]]\npath = \"/*\"\nupstream = \"api\"\n"
            let toml = "\(block)\n\(route)[upstreams.api]\ntargets = [\"http://127.0.0.1:9001\"]\n"
            let configuration = try GatewayConfiguration(toml: toml, environment: [:], middlewares: .standard)
            let check = try await PlanCheck(configuration)
            #expect(check.errors.isEmpty && check.warnings.isEmpty, "\(block)")
        }
    }
}

extension String {
    fileprivate func components(between start: String, and end: String) -> [String] {
        var found: [String] = []
        var rest = self[...]
        while let opening = rest.firstRange(of: start) {
            rest = rest[opening.upperBound...]
            guard let closing = rest.firstRange(of: end) else { break }
            found.append(String(rest[..<closing.lowerBound]))
            rest = rest[closing.upperBound...]
        }
        return found
    }
}
