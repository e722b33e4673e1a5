import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayMiddlewares
@testable import GatewaySettings

/// Compares `docs/middlewares.md` with the standard chain.
@Suite struct MiddlewareDocumentationTests {
    @Test func `each middleware has a section, in the order of the chain`() throws {
        let headings = try Repository.read("docs/middlewares.md").split(separator: "\n").filter { $0.hasPrefix("## ") }
        let named = headings.flatMap {
            $0.split(separator: "`").filter { $0.allSatisfy { $0.isLowercase || $0 == "_" } }
        }
        #expect(named.map(String.init) == StandardMiddlewares.all.descriptions.map(\.name))
    }

    @Test func `each section has an example`() throws {
        let sections = try Repository.read("docs/middlewares.md").split(separator: "\n## `").dropFirst()
        for section in sections { #expect(section.contains("```toml\n"), "\(section.prefix { $0 != "\n" })") }
    }
}
