import Foundation
import GatewayHTTP1
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewaySettings

/// Compares `docs/errors` with the error codes.
struct ErrorDocumentationTests {
    @Test func `the list of codes is complete and without duplicates`() throws {
        let source = try Repository.read("Sources/GatewayCore/Exchange/GatewayError+Codes.swift")
        #expect(source.matches(of: /public static let \w+ = Self\(/).count == GatewayError.Code.all.count)
        #expect(Set(GatewayError.Code.all.map(\.name)).count == GatewayError.Code.all.count)
    }

    @Test func `each code has a page, and each page a code`() throws {
        let files = Repository.files(in: "docs/errors", withExtension: "md")
        #expect(
            Set(files) == Set(GatewayError.Code.all.map { "docs/errors/\($0.name).md" } + ["docs/errors/README.md"])
        )
    }

    @Test(arguments: GatewayError.Code.all)
    func `a page describes the error, its cause and the remedy`(code: GatewayError.Code) throws {
        let page = try Repository.read("docs/errors/\(code.name).md")
        #expect(page.hasPrefix("# \(code.name)\n\n"))
        let title = code == .upstreamError ? "Any status" : "\(code.status) \(StatusReason.phrase(code.status)) · "
        #expect(page.contains("\n\(title)"))
        #expect(page.contains("`urn:gateway:error:\(code.name)`"))
        for part in ["What it means", "Who causes it", "What to do"] { #expect(page.contains("\n## \(part)\n")) }
    }

    /// An embedding program may raise every code. The pages of those that the gateway never raises say so.
    @Test func `a page says whether the gateway raises its code`() throws {
        let declarations = "Sources/GatewayCore/Exchange/GatewayError+Codes.swift"
        let properties = try Repository.read(declarations).components(separatedBy: "public static let ").dropFirst()
        let sources = try Repository.files(in: "Sources", withExtension: "swift").filter { $0 != declarations }
            .map(Repository.read).joined()
        for code in GatewayError.Code.all {
            let declaration = try #require(properties.first { $0.contains("\"\(code.name)\"") })
            let property = declaration.prefix { $0 != " " }
            let page = try Repository.read("docs/errors/\(code.name).md")
            let isRaised = sources.contains(".\(property)")
            #expect(page.contains("The gateway itself does not raise this error.") != isRaised, "\(code.name)")
        }
    }

    @Test func `the table lists every code`() throws {
        let rows = GatewayError.Code.all.map { code in
            let status = code == .upstreamError ? "any" : "\(code.status)"
            let proxyStatus = code.proxyStatus.map { "`\($0)`" } ?? "–"
            return "| \(status) | [`\(code.name)`](\(code.name).md) | \(code.detail) | \(proxyStatus) |\n"
        }
        let table = "| status | code | meaning | Proxy-Status |\n|---|---|---|---|\n" + rows.joined()
        try GeneratedFile(path: "docs/errors/README.md", suite: "ErrorDocumentationTests")
            .expect(blocks: [("codes", table)])
    }

    @Test func `the schemas are those of the source`() throws {
        let document: SettingValue = [
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Errors of the gateway",
            "$ref": "#/$defs/Problem",
            "$defs": .table(ProblemSchema.components),
        ]
        try GeneratedFile(path: "docs/errors/schemas.json", suite: "ErrorDocumentationTests")
            .expect(JSONText.text(JSONValue(document), indented: true) + "\n")
    }
}
