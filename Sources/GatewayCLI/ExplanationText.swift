import Gateway
import GatewayCore
import GatewaySettings

/// The text output of `gateway explain`: at most 100 columns, and only settings that differ from the defaults.
struct ExplanationText {
    let explanation: RequestExplanation
    let isColored: Bool
    /// Whether to show all middlewares with all settings.
    let showsAll: Bool

    static let width = 100

    var text: String {
        let request = self.explanation.request
        var lines = self.item("", "\(request.method) \(request.url) from \(self.explanation.clientIP)") + [""]
        lines += self.connection + self.verdict + self.outcome
        if !self.explanation.rejected.isEmpty {
            let title = self.explanation.routeName == nil ? "Why no route matches" : "Why no other route matches"
            lines += ["", self.title(title)]
            lines += Self.table(self.explanation.rejected.map { [$0.route, $0.reason, ""] }, indented: 2)
        }
        lines += ["", self.title("Chain")] + self.chain
        return lines.joined(separator: "\n")
    }

    // MARK: Connection

    private var connection: [String] {
        guard let connection = self.explanation.connection, let listener = connection.listener else { return [] }
        var lines = self.item("Listener", listener)
        if case .secured(let handshake) = connection.outcome {
            let names = handshake.names.isEmpty ? "no name" : handshake.names.joined(separator: ", ")
            let asked = handshake.serverName.map { "SNI \($0)" } ?? "no SNI"
            let client =
                switch handshake.clientCertificate {
                case nil: ""
                case .require?: "; the client needs a certificate"
                case .request?: "; the client may present a certificate"
                }
            lines += self.item(
                "TLS",
                "\(asked), certificate \(handshake.certificate) for \(names), \(handshake.protocolName)\(client)"
            )
        }
        return lines
    }

    // MARK: Verdict

    private var verdict: [String] {
        switch self.explanation.verdict {
        case .admin: self.item("Route", "admin.expose\(self.place): the admin API answers")
        case .preflight: self.item("Route", "none: [middleware.cors] answers preflights")
        case .reports: self.item("Route", "csp.report_path: the gateway collects browsers' reports")
        case .redirected(let location):
            self.item("Response", "308, Location: \(location) (server.https_redirect)")
        case .unreachable(let reason): self.item("Route", "none: the connection fails: \(reason)")
        case .refused(let status, let reason, let allow):
            self.item("Route", "none: the client gets \(status). \(reason)")
                + (allow.map { self.item("Allow", $0) } ?? [])
        case .route: self.item("Route", "\(self.explanation.routeName ?? "")\(self.place)") + self.destination
        }
    }

    private var place: String { self.explanation.position.map { " (\($0.file):\($0.line))" } ?? "" }

    private var destination: [String] {
        if !self.explanation.upstreams.isEmpty {
            let upgrade = self.explanation.route?.upgrade.joined(separator: ", ") ?? ""
            return self.explanation.upstreams.enumerated().flatMap { index, upstream in
                let share = upstream.share.map { " (share \($0))" } ?? ""
                return self.item(index == 0 ? "Upstream" : "", "\(upstream.name)\(share): \(upstream.url)")
                    + upstream.otherTargets.flatMap { self.item("", "or \($0)") }
            } + (upgrade.isEmpty ? [] : self.item("Upgrade", upgrade))
        }
        if let respond = self.explanation.route?.respond {
            return self.item("Response", "\(respond.status), without an upstream")
        }
        if let redirect = self.explanation.route?.redirect {
            return self.item("Response", "\(redirect.status), Location: \(redirect.to)")
        }
        return []
    }

    private var outcome: [String] {
        guard let outcome = self.explanation.outcome else { return [] }
        var lines: [String] = []
        if let refusal = outcome.refusal {
            let text = "\(refusal.status) by \(refusal.by): \(refusal.reason) (\(refusal.source))"
            lines += self.item("Outcome", text, style: "31")
        }
        if outcome.isPreflight {
            lines += self.item("Preflight", "204 by cors: the browser may send the request")
        }
        for limit in outcome.limits {
            let note = limit.note.isEmpty ? "" : "; \(limit.note)"
            lines += self.item("Limit", "\(limit.by) \(limit.limit), per \(limit.key)\(note) (\(limit.source))")
        }
        if !outcome.timeouts.isEmpty {
            let limits = outcome.timeouts.map { "\($0.name) \($0.limit)" }
            lines += self.item("Timeouts", limits.joined(separator: ", "))
        }
        return lines
    }

    // MARK: Chain

    private var chain: [String] {
        if self.showsAll { return self.explanation.middlewares.flatMap { self.lines(for: $0, $0.leaves) } }
        var lines: [String] = []
        var plain: [String] = []
        for middleware in self.explanation.middlewares where middleware.isEnabled {
            let written = middleware.leaves.filter { $0.source.position != nil || $0.source == .code }
            if written.isEmpty {
                plain.append(middleware.name)
            } else {
                lines += self.lines(for: middleware, written)
            }
        }
        if !plain.isEmpty { lines += self.item("  with defaults:", plain.joined(separator: ", "), indented: 4) }
        let off = self.explanation.middlewares.filter { !$0.isEnabled && $0.settings.source.position != nil }
        if !off.isEmpty { lines += self.item("  switched off:", off.map(\.name).joined(separator: ", "), indented: 4) }
        return lines + ["", "  --all shows every setting."]
    }

    private func lines(for middleware: EffectiveMiddleware, _ leaves: [EffectiveMiddleware.Leaf]) -> [String] {
        guard middleware.isEnabled else { return ["  \(middleware.name)  off"] }
        let rows = leaves.map { [$0.key, $0.value.quoted, "\($0.source)"] }
        return ["  " + self.styled(middleware.name, "32")] + Self.table(rows, indented: 4)
    }

    // MARK: Layout

    /// Returns lines with a label and its text, wrapped between words.
    private func item(_ label: String, _ text: String, style: String? = nil, indented: Int = 10) -> [String] {
        let isTitle = label.isEmpty && indented == 10 && text.hasPrefix("\(self.explanation.request.method) ")
        let first = isTitle ? "" : label.count < indented ? label.padded(to: indented) : label + " "
        var lines: [String] = []
        var line = ""
        var room = Self.width - first.count
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + word.count + 1 > room {
                lines.append(line)
                line = ""
                room = Self.width - indented
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        lines.append(line)
        return lines.enumerated().map { index, line in
            let shown = isTitle ? self.title(line) : style.map { self.styled(line, $0) } ?? line
            return (index == 0 ? first : String(repeating: " ", count: indented)) + shown
        }
    }

    private func title(_ text: String) -> String { self.styled(text, "1") }

    private func styled(_ text: String, _ code: String) -> String {
        self.isColored ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }

    /// Returns the lines of a table with three columns. Long text in the middle column is wrapped.
    private static func table(_ rows: [[String]], indented: Int) -> [String] {
        let taken = indented + 4 + (rows.map { $0[0].count }.max() ?? 0) + (rows.map { $0[2].count }.max() ?? 0)
        let room = max(20, self.width - taken)
        let pieces = rows.flatMap { row -> [[String]] in
            let parts = Self.pieces(of: row[1], of: room)
            return parts.enumerated().map { $0 == 0 ? [row[0], $1, row[2]] : ["", $1, ""] }
        }
        return AlignedTable.lines(pieces).map { line in
            let end = line.lastIndex { $0 != " " }.map { line.index(after: $0) } ?? line.startIndex
            return String(repeating: " ", count: indented) + line[..<end]
        }
    }

    /// Splits the text into pieces of at most `room` characters, between words if possible.
    private static func pieces(of text: String, of room: Int) -> [String] {
        var pieces: [String] = []
        var rest = text[...]
        while rest.count > room {
            let end = rest.index(rest.startIndex, offsetBy: room)
            let cut = rest[..<end].lastIndex(of: " ").map { rest.index(after: $0) } ?? end
            pieces.append(String(rest[..<cut]))
            rest = rest[cut...]
        }
        return pieces + [String(rest)]
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - self.count))
    }
}
