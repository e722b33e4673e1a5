import Testing

@testable import GatewaySettings

struct LintFindingTests {
    @Test func `a finding has a line of text and an object of JSON`() {
        let finding = LintFinding(.corsAnyOrigin, line: 3, column: 7, key: "middleware.cors", message: "m")
        #expect(finding.text(in: "g.toml") == "g.toml:3:7: warning: cors-any-origin: m")
        #expect(
            finding.json == [
                "rule": "cors-any-origin", "severity": "warning", "line": 3, "column": 7, "key": "middleware.cors",
                "message": "m", "page": "docs/lint.md#cors-any-origin",
            ]
        )
    }

    @Test func `findings are in the order of the file, and severe ones come first`() {
        let findings = [LintRule.noTimeout, .noRateLimit, .upstreamVerifyOff].map { rule in
            LintFinding(rule, line: 2, column: 1, key: "", message: "")
        }
        let first = LintFinding(.noBodyLimit, line: 1, column: 9, key: "", message: "")
        #expect(
            (findings + [first]).inOrder.map(\.rule) == [.noBodyLimit, .upstreamVerifyOff, .noTimeout, .noRateLimit]
        )
    }

    @Test func `a finding without a position belongs to the first line`() {
        let finding = LintFinding(ConfigurationError("m", suggestion: "s").found(by: .noRoutes))
        #expect(finding.text(in: "f") == "f:1:1: warning: no-routes: m: s")
    }

    @Test func `names of rules are in kebab case`() {
        for rule in LintRule.allCases {
            #expect(rule.rawValue.wholeMatch(of: /[a-z]+(-[a-z]+)*/) != nil)
        }
    }
}
