import Foundation
import Testing

@testable import Gateway
@testable import GatewayMiddlewares
@testable import GatewaySettings

/// The configuration manual, which is generated from the sources.
struct ReferenceTests {
    private static let comments = DocComments(of: Repository.root.appendingPathComponent("Sources"))

    @Test
    func `every setting has a doc comment`() throws {
        for (folder, file, imports) in [
            ("Sources/GatewaySettings", "Settings/DescribedSettings+Configuration.swift", ""),
            ("Sources/GatewayMiddlewares", "DescribedSettings+Middlewares.swift", "import GatewaySettings\n"),
        ] {
            let comments = DocComments(of: Repository.root.appendingPathComponent(folder))
            try GeneratedFile(path: "\(folder)/\(file)", suite: "ReferenceTests")
                .expect(Self.descriptions(from: comments, imports: imports))
        }
        for (type, properties) in Self.described {
            for property in properties {
                #expect(Self.comments.texts["\(type).\(property)"] != nil, "\(type).\(property) has no doc comment")
            }
        }
    }

    /// The properties of every table, by type.
    private static var described: [String: Set<String>] {
        ReferencePage.tables(middlewares: .standard).reduce(into: [:]) { types, table in
            for field in table.fields where !field.schema.isMiddlewares || !table.takesMiddlewares {
                types[table.typeName, default: []].insert(field.property)
            }
        }
    }

    /// Conformances to `DescribedSettings` of the types that the comments are from.
    private static func descriptions(from comments: DocComments, imports: String) -> String {
        let extensions = self.described.sorted { $0.key < $1.key }.compactMap { type, properties -> String? in
            let lines = properties.sorted().compactMap { property -> String? in
                guard let text = comments.texts["\(type).\(property)"] else { return nil }
                let line = "        \(JSONText.quoted(property)): \(JSONText.quoted(text)),\n"
                return line.count <= 121
                    ? line : line.replacing("\": \"", with: "\":\n            \"", maxReplacements: 1)
            }
            if lines.isEmpty { return nil }
            return """

                extension \(type): DescribedSettings {
                    package static let descriptions: [String: String] = [
                \(lines.joined())    ]
                }

                """
        }
        return """
            // Generated from the doc comments by ReferenceTests: GOLDEN=write swift test --filter ReferenceTests
            // swift-format-ignore-file

            """ + imports + extensions.joined()
    }

    @Test
    func `every setting is in the manual`() throws {
        try GeneratedFile(path: "docs/configuration.md", suite: "ReferenceTests").expect(
            blocks: ReferencePage(comments: Self.comments.texts, middlewares: .standard).blocks.map {
                ("keys of \($0.name)", $0.text)
            }
        )
    }
}
