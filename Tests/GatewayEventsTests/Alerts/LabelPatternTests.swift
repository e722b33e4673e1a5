import GatewaySettings
import Testing

@Suite struct LabelPatternTests {
    private static func matches(_ pattern: String, _ value: String) throws -> Bool {
        let condition = try AlertParserTests.parse("error_rate{route=~'\(pattern)'} > 0")
        return try #require(condition.series.first?.matchers.first).matches(value)
    }

    @Test(arguments: [
        ("a|b", "a", true), ("a|b", "b", true), ("a|b", "ab", false), ("a", "aa", false), ("a|", "", true),
        ("", "", true), ("", "a", false), (".", "ü", true), (".", "", false), (".*", "", true), (".+", "", false),
        (".+", "x", true), ("api-.*", "api-", true), ("api-.*", "x-api-1", false), (".*b.*", "abc", true),
        ("a.*b.*c", "a1b2b3c", true), ("a.*b.*c", "a1b2b3", false), (#"a\|b"#, "a|b", true), (#"a\.b"#, "axb", false),
        ("10.0.0.1:80", "10.0.0.1:80", true),
    ])
    func `patterns match whole values`(pattern: String, value: String, isMatch: Bool) throws {
        #expect(try Self.matches(pattern, value) == isMatch)
    }

    @Test(arguments: ["a?", "[ab]", "(a)", "^a", "a$", "a{2}", #"\d"#, #"\w+"#, "*", "+"])
    func `other expressions are rejected`(pattern: String) {
        #expect(throws: AlertMistake.self) { try AlertParserTests.parse("error_rate{route=~'\(pattern)'} > 0") }
    }

    /// Against a plain recursive matcher, which takes exponential time on long input.
    @Test func `random patterns match as the plain definition`() throws {
        func plain(_ pattern: Substring, _ value: Substring) -> Bool {
            if pattern.isEmpty { return value.isEmpty }
            if pattern.hasPrefix(".*") {
                return plain(pattern.dropFirst(2), value) || !value.isEmpty && plain(pattern, value.dropFirst())
            }
            guard let first = value.first else { return false }
            return (pattern.first == "." || pattern.first == first) && plain(pattern.dropFirst(), value.dropFirst())
        }
        var random = SeededRandom(seed: 20)
        for _ in 0..<3000 {
            let parts = ["a", "b", ".", ".*"]
            let pattern = (0..<Int.random(in: 0...5, using: &random)).map { _ in
                parts.randomElement(using: &random) ?? ""
            }
            .joined()
            let value = String(
                (0..<Int.random(in: 0...6, using: &random)).map { _ in "ab".randomElement(using: &random) ?? "a" }
            )
            #expect(try Self.matches(pattern, value) == plain(pattern[...], value[...]), "\(pattern) on \(value)")
        }
    }

    @Test func `a hostile pattern takes no time to speak of`() throws {
        let pattern = String(repeating: ".*a", count: 400) + "b"
        #expect(try !Self.matches(pattern, String(repeating: "a", count: 10_000)))
    }
}
