internal import Gateway

/// What `explain` says to people.
struct ExplanationText {
    let explanation: RequestExplanation
    let isColored: Bool

    var text: String {
        let request = self.explanation.request
        var lines = [self.title("\(request.method) \(request.url)") + "  from \(self.explanation.clientIP)", ""]
        lines += self.verdict
        if !self.explanation.rejected.isEmpty {
            lines += [
                "", self.title(self.explanation.routeName == nil ? "No route takes it" : "Why no other route takes it"),
            ]
            lines += Self.table(self.explanation.rejected.map { [$0.route, $0.reason] }, indented: 2)
        }
        lines += ["", self.title("Chain")]
        for middleware in self.explanation.middlewares { lines += self.lines(for: middleware) }
        return lines.joined(separator: "\n")
    }

    private var verdict: [String] {
        switch self.explanation.verdict {
        case .admin: ["Route     admin.expose\(self.place): the admin endpoints answer it"]
        case .reports: ["Route     csp.report_path: the gateway takes browsers' reports"]
        case .refused(let status, let reason, let allow):
            ["Route     none: it would get \(status). \(reason)"] + (allow.map { ["Allow     \($0)"] } ?? [])
        case .route:
            ["Route     \(self.explanation.routeName ?? "")\(self.place)"] + self.destination
        }
    }

    private var place: String { self.explanation.position.map { " (\($0.file):\($0.line))" } ?? "" }

    private var destination: [String] {
        if let upstream = self.explanation.upstream {
            return ["Upstream  \(upstream.name): \(upstream.url)"]
                + upstream.otherTargets.map { "          or \($0)" }
        }
        if let respond = self.explanation.route?.respond { return ["Answer    \(respond.status), without an upstream"] }
        if let redirect = self.explanation.route?.redirect {
            return ["Answer    \(redirect.status), Location: \(redirect.to)"]
        }
        return []
    }

    private func lines(for middleware: EffectiveMiddleware) -> [String] {
        guard middleware.isEnabled else { return ["  \(middleware.name)  off"] }
        let rows = middleware.leaves.map { [$0.key, $0.value.quoted, "\($0.source)"] }
        return ["  " + self.styled(middleware.name, "32")] + Self.table(rows, indented: 4)
    }

    private func title(_ text: String) -> String { self.styled(text, "1") }

    private func styled(_ text: String, _ code: String) -> String {
        self.isColored ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }

    private static func table(_ rows: [[String]], indented: Int) -> [String] {
        AlignedTable.lines(rows).map { String(repeating: " ", count: indented) + $0 }
    }
}
