import GatewaySettings

extension RuleFile.Recording {
    var yaml: [String] {
        ["      - record: \(self.name)", "        expr: >-"] + self.expression.folded(indent: 10)
    }
}

extension RuleFile.Alert {
    var yaml: [String] {
        var lines = ["      - alert: \(self.name)", "        expr: >-"] + self.expression.folded(indent: 10)
        if self.hold != "0m" { lines.append("        for: \(self.hold)") }
        lines += [
            "        labels:",
            "          severity: \(self.severity.rawValue)",
            "        annotations:",
            "          summary: \(JSONText.quoted(self.summary))",
            "          description: \(JSONText.quoted(self.description))",
            "          runbook_url: \(JSONText.quoted(self.runbook))",
        ]
        return lines
    }
}

extension String {
    /// The lines of a folded text (`>-`), which YAML reads as the same text. Operators outside of parentheses begin a line.
    fileprivate func folded(indent: Int) -> [String] {
        var lines: [String] = []
        var depth = 0
        for word in self.split(separator: " ", omittingEmptySubsequences: false) {
            let isOperator = depth == 0 && ["or", "and", "/"].contains(word)
            if lines.isEmpty || isOperator {
                lines.append(String(word))
            } else {
                lines[lines.count - 1] += " \(word)"
            }
            for character in word {
                if character == "(" { depth += 1 }
                if character == ")" { depth -= 1 }
            }
        }
        return lines.map { String(repeating: " ", count: indent) + $0 }
    }
}
