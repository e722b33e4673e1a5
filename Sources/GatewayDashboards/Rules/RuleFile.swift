/// A file of rules for Prometheus.
package struct RuleFile {
    /// Rules that are evaluated one after the other.
    struct Group {
        let name: String
        let rules: [Rule]
    }

    /// A rule of either kind.
    enum Rule {
        case recording(Recording)
        case alert(Alert)
    }

    /// A series that is computed ahead, for queries and alerts over long windows.
    struct Recording {
        let name: String
        let expression: String

        init(_ name: String, _ expression: String) {
            self.name = name
            self.expression = expression
        }
    }

    /// A condition that someone must know of.
    package struct Alert {
        enum Severity: String {
            /// Someone must look now.
            case critical
            /// Someone must look today.
            case warning
        }

        package let name: String
        /// Its results are what fires.
        package let expression: String
        /// How long it must hold: a duration of Prometheus.
        let hold: String
        let severity: Severity
        /// One line, with labels as `{{ $labels.route }}`.
        let summary: String
        /// What it means, and where to look first.
        let description: String

        /// The page that says what to do.
        package var runbook: String { "docs/runbooks/\(self.name).md" }
    }

    /// What the head of the file says.
    private let comment: String
    private let groups: [Group]

    init(comment: String, groups: [Group]) {
        self.comment = comment
        self.groups = groups
    }

    package static let recording = RuleFile(
        comment: "Rates, ratios and quantiles of Gateway, computed ahead.",
        groups: RecordingRules.groups
    )
    package static let alerts = RuleFile(
        comment: "Alerts of Gateway. They need gateway-recording.yml.",
        groups: AlertRules.groups
    )

    /// The file's text. Texts are double-quoted, whose escapes YAML shares with JSON.
    package var yaml: String {
        var lines = ["# \(self.comment)", "# Written by: gateway metrics --rules DIR", "groups:"]
        for group in self.groups {
            lines += ["  - name: \(group.name)", "    rules:"]
            for rule in group.rules {
                switch rule {
                case .recording(let rule): lines += rule.yaml
                case .alert(let rule): lines += rule.yaml
                }
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Its alerts.
    package var allAlerts: [Alert] {
        self.groups.flatMap(\.rules).compactMap { if case .alert(let alert) = $0 { alert } else { nil } }
    }

    /// The series that it records.
    var names: [String] {
        self.groups.flatMap(\.rules).compactMap { if case .recording(let rule) = $0 { rule.name } else { nil } }
    }

    /// All expressions.
    package var expressions: [String] {
        self.groups.flatMap(\.rules).map { rule in
            switch rule {
            case .recording(let rule): rule.expression
            case .alert(let rule): rule.expression
            }
        }
    }
}
