extension RequestExplanation {
    /// For programs: one object, one member per line.
    package var json: String {
        var members: [(name: String, value: String)] = [
            ("request", JSONText.text(self.requestJSON)),
            ("route", self.routeName.map(self.routeJSON) ?? "null"),
            (
                "rejected",
                JSONText.text(
                    .list(self.rejected.map { ["route": .string($0.route), "reason": .string($0.reason)] })
                )
            ),
            ("middlewares", JSONText.text(.list(self.middlewares.map(Self.json)))),
            (
                "upstream",
                self.upstream.map { JSONText.text(["name": .string($0.name), "url": .string($0.url)]) } ?? "null"
            ),
        ]
        if let outcome { members.append(("outcome", JSONText.text(Self.json(outcome)))) }
        if let status { members.append(("status", String(status))) }
        let lines = members.map { "  \(JSONText.quoted($0.name)): \($0.value)" }
        return "{\n" + lines.joined(separator: ",\n") + "\n}"
    }

    private var requestJSON: SettingValue {
        [
            "method": .string(self.request.method), "url": .string(self.request.url),
            "client_ip": .string(self.clientIP),
        ]
    }

    /// The line is null where a program built the configuration.
    private func routeJSON(_ name: String) -> String {
        "{\"name\":\(JSONText.quoted(name)),\"line\":\((self.position?.line).map(String.init) ?? "null")}"
    }

    private static func json(_ outcome: RequestOutcome) -> SettingValue {
        let limits = outcome.limits.map { limit -> SettingValue in
            [
                "by": .string(limit.by), "limit": .string(limit.limit), "key": .string(limit.key),
                "note": .string(limit.note), "source": .string(limit.source),
            ]
        }
        var members: [String: SettingValue] = [
            "limits": .list(limits),
            "timeouts": .table(
                Dictionary(outcome.timeouts.map { ($0.name, SettingValue.string($0.limit)) }) { first, _ in first }
            ),
        ]
        if let refusal = outcome.refusal {
            members["refusal"] = [
                "status": .integer(refusal.status), "by": .string(refusal.by), "reason": .string(refusal.reason),
                "source": .string(refusal.source),
            ]
        }
        return .table(members)
    }

    private static func json(_ middleware: EffectiveMiddleware) -> SettingValue {
        let settings = middleware.leaves.map { leaf in
            (leaf.key, SettingValue.table(["value": leaf.value, "source": .string("\(leaf.source)")]))
        }
        return [
            "name": .string(middleware.name),
            "enabled": .boolean(middleware.isEnabled),
            "settings": .table(Dictionary(settings) { first, _ in first }),
        ]
    }
}
