import Testing

@testable import GatewaySettings

/// Comments that allow findings.
struct LintAllowancesTests {
    /// Returns the lines and rules that remain of a finding of `no-timeout` and one of `unused` on every line.
    private static func remaining(_ text: String) -> [String] {
        let lines = text.utf8.count(where: { $0 == UInt8(ascii: "\n") }) + 1
        let findings = (1...lines).flatMap { line in
            [LintRule.noTimeout, .secretInFile].map { LintFinding($0, line: line, column: 1, key: "k", message: "m") }
        }
        let kept = LintAllowances(text).applied(to: findings)
        return kept.map { "\($0.line):\($0.rule.rawValue)\($0.key.isEmpty ? "!" : "")" }
    }

    @Test(
        arguments: [
            ("a = 1 # lint: allow no-timeout\n", ["1:secret-in-file", "2:no-timeout", "2:secret-in-file"]),
            ("# lint: allow no-timeout\na = 1", ["1:no-timeout", "1:secret-in-file", "2:secret-in-file"]),
            ("# lint: allow no-timeout, secret-in-file\r\na = 1", ["1:no-timeout", "1:secret-in-file"]),
            ("a = 1 # lint: allow no-timeout secret-in-file -- unused on purpose", []),
            (
                "  #lint: allow no-timeout\n# lint: allow secret-in-file\n# why\na = 1",
                [
                    "1:no-timeout", "1:secret-in-file", "2:no-timeout", "2:secret-in-file", "3:no-timeout",
                    "3:secret-in-file",
                ]
            ),
            ("a = '# lint: allow no-timeout'", ["1:no-timeout", "1:secret-in-file"]),
            ("a = \"\\\"# lint: allow no-timeout\" # lint: allow secret-in-file", ["1:no-timeout"]),
            (
                "a = '''\n# lint: allow no-timeout''''\nb = 2",
                [
                    "1:no-timeout", "1:secret-in-file", "2:no-timeout", "2:secret-in-file", "3:no-timeout",
                    "3:secret-in-file",
                ]
            ),
            ("# a comment: lint: allow no-timeout", ["1:no-timeout", "1:secret-in-file"]),
            (
                "a = '''\nx''' # lint: allow no-timeout, secret-in-file\nb = 2",
                [
                    "1:no-timeout", "1:secret-in-file", "3:no-timeout", "3:secret-in-file",
                ]
            ),
        ] as [(String, [String])]
    )
    func `a comment allows findings on its line or the one below`(text: String, remaining: [String]) {
        #expect(Self.remaining(text) == remaining)
    }

    @Test(arguments: [
        ("é = 1 # lint: allow no-tiemout", 7, "there is no rule \"no-tiemout\": write \"no-timeout\""),
        ("a = 1 # lint: allow nonsense-of-mine", 7, "there is no rule \"nonsense-of-mine\""),
        ("a = 1 # lint: allow", 7, "the comment allows no rule"),
        ("a = 1 # lint: allow unused", 7, "\"unused\" is allowed here, but there is no such finding"),
    ])
    func `a comment that allows nothing is a finding`(text: String, column: Int, message: String) {
        let findings = LintAllowances(text).applied(to: [])
        #expect(findings.map(\.rule) == [.unused])
        #expect(findings.first?.line == 1)
        #expect(findings.first?.column == column)
        #expect(findings.first?.message.hasPrefix(message) == true)
    }

    @Test func `a rule that a comment names twice is reported once`() {
        #expect(LintAllowances("# lint: allow unused, unused\n").applied(to: []).count == 1)
    }

    @Test func `many comments cost no more than their number`() {
        let text = String(repeating: "# lint: allow no-timeout\n", count: 20_000)
        #expect(LintAllowances(text).applied(to: []).count == 20_000)
    }

    @Test func `any text can be scanned`() {
        var random = SystemRandomNumberGenerator.Seeded(state: 22)
        let parts = ["\"", "'", "\"\"\"", "'''", "\\", "#", "\n", "\r\n", "a", "é", " ", "# lint: allow unused\n"]
        for _ in 0..<500 {
            let text = (0..<40).map { _ in parts.randomElement(using: &random) ?? "" }.joined()
            let lines = text.utf8.count(where: { $0 == UInt8(ascii: "\n") }) + 1
            for finding in LintAllowances(text).applied(to: []) { #expect((1...lines).contains(finding.line)) }
        }
    }
}

extension SystemRandomNumberGenerator {
    /// SplitMix64.
    struct Seeded: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            self.state &+= 0x9E37_79B9_7F4A_7C15
            var value = (self.state ^ self.state >> 30) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
            return value ^ value >> 31
        }
    }
}
