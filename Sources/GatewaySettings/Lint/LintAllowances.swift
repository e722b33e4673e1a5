/// The comments `# lint: allow RULE` of a file. Such a comment beside a value is about its line. One on a line of its own is
/// about the next line that is not a comment.
package struct LintAllowances: Sendable {
    /// One rule that a comment names.
    private struct Allowance {
        /// As written. There may be no such rule.
        let name: String
        /// The line that the comment is about.
        var target: Int
        let line: Int
        let column: Int
        var isUsed = false
    }

    private var allowances: [Allowance] = []
    private static let mark = "lint:"

    /// Finds the comments of a file.
    ///
    /// - Parameter text: A valid TOML document.
    package init(_ text: String) {
        var scanner = CommentScanner(text)
        /// Where the current run of comments on lines of their own begins in the list, and the last line of the run.
        var run = (first: 0, line: 0)
        while let comment = scanner.next() {
            if !comment.isAlone || comment.line > run.line + 1 { self.end(run) }
            if !comment.isAlone || comment.line > run.line + 1 { run.first = self.allowances.count }
            self.allowances += Self.names(in: comment.text).map { name in
                Allowance(name: name, target: comment.line, line: comment.line, column: comment.column)
            }
            run.line = comment.line
            if !comment.isAlone { run = (self.allowances.count, 0) }
        }
        self.end(run)
    }

    /// Makes the comments of a run about the line below it.
    private mutating func end(_ run: (first: Int, line: Int)) {
        for index in run.first..<self.allowances.count { self.allowances[index].target = run.line + 1 }
    }

    /// Removes the findings that comments allow, and adds one for each comment that allows nothing.
    package func applied(to findings: [LintFinding]) -> [LintFinding] {
        var allowances = self.allowances
        var places: [Place: [Int]] = [:]
        for (index, allowance) in allowances.enumerated() {
            places[Place(line: allowance.target, name: allowance.name), default: []].append(index)
        }
        let kept = findings.filter { finding in
            guard let found = places[Place(line: finding.line, name: finding.rule.rawValue)] else { return true }
            for index in found { allowances[index].isUsed = true }
            return false
        }
        let idle = allowances.filter { !$0.isUsed }.map { allowance in
            LintFinding(
                .unused,
                line: allowance.line,
                column: allowance.column,
                key: "",
                message: Self.message(on: allowance.name)
            )
        }
        return (kept + idle).inOrder
    }

    private struct Place: Hashable {
        let line: Int
        let name: String
    }

    private static func message(on name: String) -> String {
        let quoted = JSONText.quoted(name)
        let rules = LintRule.allCases.map(\.rawValue)
        if name.isEmpty { return "the comment allows no rule: name one, as in \"# lint: allow no-rate-limit\"" }
        if rules.contains(name) { return "\(quoted) is allowed here, but there is no such finding: remove the comment" }
        let advice = NearestName.of(name, among: rules).map { "write \(JSONText.quoted($0))" }
        return "there is no rule \(quoted): \(advice ?? "write one of those in docs/lint.md")"
    }

    /// The rules that a comment allows, separated by commas or spaces. Words after ` -- ` or another `#` say why.
    private static func names(in comment: Substring) -> [String] {
        let words = comment.split(whereSeparator: \.isWhitespace)
        guard words.first.map(String.init) == Self.mark, words.count > 1, words[1] == "allow" else { return [] }
        let rules = words.dropFirst(2).prefix { $0 != "--" && !$0.hasPrefix("#") && $0 != "–" && $0 != "—" }
        let names = rules.flatMap { $0.split(separator: ",") }.map(String.init)
        var seen: Set<String> = []
        return names.isEmpty ? [""] : names.filter { seen.insert($0).inserted }
    }
}
