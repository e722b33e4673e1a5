import Foundation
import Testing

@testable import Gateway

/// The configuration manual, which is generated from the sources.
struct ReferenceTests {
    private static let comments = DocComments(of: Repository.root.appendingPathComponent("Sources/Gateway"))

    @Test
    func `every setting has a doc comment`() throws {
        var lines: [String] = []
        for table in ReferencePage.tables(middlewares: .standard) {
            for field in table.fields where !field.schema.isMiddlewares || !table.takesMiddlewares {
                let name = "\(table.typeName).\(field.property)"
                let text = Self.comments.texts[name]
                #expect(text != nil, "\(name) has no doc comment")
                let line = "        \(JSONText.quoted(name)): \(JSONText.quoted(text ?? "")),"
                lines.append(
                    line.count <= 120 ? line : line.replacing("\": \"", with: "\":\n            \"", maxReplacements: 1)
                )
            }
        }
        let source = """
            // Generated from the doc comments by ReferenceTests: GOLDEN=write swift test --filter ReferenceTests
            // swift-format-ignore-file

            extension SettingDescriptions {
                static let all: [String: String] = [
            \(Set(lines).sorted().joined(separator: "\n"))
                ]
            }

            """
        try GeneratedFile(path: "Sources/Gateway/Configuration/SettingDescriptions+All.swift", suite: "ReferenceTests")
            .expect(source)
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
