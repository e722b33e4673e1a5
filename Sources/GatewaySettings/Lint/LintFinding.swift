/// One finding of `gateway lint`.
package struct LintFinding: Hashable, Sendable {
    package let rule: LintRule
    /// Starts at 1.
    package let line: Int
    /// In characters. Starts at 1.
    package let column: Int
    /// The key path, such as `routes[1].cors.origins[0]`; empty for a finding about a comment.
    package let key: String
    /// What is wrong, and what to do.
    package let message: String

    package var severity: LintSeverity { self.rule.severity }

    package init(_ rule: LintRule, line: Int, column: Int, key: String, message: String) {
        self.rule = rule
        // A finding about the whole file belongs to its first line.
        self.line = max(line, 1)
        self.column = max(column, 1)
        self.key = key
        self.message = message
    }

    /// Creates the finding of a warning.
    package init(_ warning: ConfigurationError) {
        self.init(
            warning.rule.flatMap(LintRule.init) ?? .middleware,
            line: warning.line,
            column: warning.column,
            key: warning.key,
            message: warning.message + (warning.suggestion.isEmpty ? "" : ": " + warning.suggestion)
        )
    }

    /// The line that `gateway lint` prints: `gateway.toml:14:9: warning: cors-any-origin: …`.
    package func text(in file: String) -> String {
        "\(file):\(self.line):\(self.column): \(self.severity.rawValue): \(self.rule.rawValue): \(self.message)"
    }

    package var json: JSONValue {
        [
            "rule": .string(self.rule.rawValue), "severity": .string(self.severity.rawValue),
            "line": .integer(self.line), "column": .integer(self.column), "key": .string(self.key),
            "message": .string(self.message), "page": .string(self.rule.page),
        ]
    }
}

extension [LintFinding] {
    /// The findings by position, those at one position from the most severe to the least.
    package var inOrder: [LintFinding] {
        self.sorted { one, other in
            if one.line != other.line { return one.line < other.line }
            if one.column != other.column { return one.column < other.column }
            if one.severity != other.severity { return one.severity > other.severity }
            return (one.rule.rawValue, one.key, one.message) < (other.rule.rawValue, other.key, other.message)
        }
    }
}
