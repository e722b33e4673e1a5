import Foundation
import Testing

@testable import GatewaySettings

/// Compares `docs/lint.md` with the rules.
struct LintDocumentationTests {
    private static func sections() throws -> [String: String] {
        let parts = try Repository.read("docs/lint.md").components(separatedBy: "\n## ").dropFirst()
        return Dictionary(parts.map { ($0.components(separatedBy: "\n")[0], $0) }) { first, _ in first }
    }

    @Test func `each rule has a section that says why, with an example and a correction`() throws {
        let sections = try Self.sections()
        for rule in LintRule.allCases {
            let section = try #require(sections[rule.rawValue], "docs/lint.md has no section on \(rule.rawValue)")
            #expect(section.contains("Severity: \(rule.severity.rawValue)."), "\(rule.rawValue)")
            for part in ["**Why.** ", "**Example.**\n\n```\n", "**Correction.** "] {
                #expect(section.contains(part), "\(rule.rawValue): \(part)")
            }
            #expect(rule.page == "docs/lint.md#\(rule.rawValue)")
        }
        #expect(Set(sections.keys) == Set(LintRule.allCases.map(\.rawValue) + ["Allowing a finding"]))
    }
}
