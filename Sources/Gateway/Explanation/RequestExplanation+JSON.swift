import GatewaySettings

extension RequestExplanation {
    /// The explanation as a JSON object with one member per line.
    package var json: String {
        var members: [(name: String, value: JSONValue)] = [
            ("request", self.requestJSON),
            ("route", self.routeName.map(self.routeJSON) ?? .null),
            (
                "rejected",
                .array(self.rejected.map { ["reason": .string($0.reason), "route": .string($0.route)] })
            ),
            ("middlewares", .array(self.middlewares.map(Self.json))),
            ("upstream", self.upstream.map { ["name": .string($0.name), "url": .string($0.url)] } ?? .null),
        ]
        if let connection { members.insert(("connection", connection.json), at: 1) }
        if case .redirected(let location) = self.verdict { members.append(("location", .string(location))) }
        if self.upstreams.count > 1 { members.append(("split", .array(self.upstreams.map(Self.json)))) }
        if let upgrade = self.route?.upgrade, !upgrade.isEmpty {
            members.append(("upgrade", .array(upgrade.map { .string($0) })))
        }
        if let outcome { members.append(("outcome", Self.json(outcome))) }
        if let status { members.append(("status", .integer(status))) }
        let lines = members.map { "  \(JSONText.quoted($0.name)): \(JSONText.text($0.value))" }
        return "{\n" + lines.joined(separator: ",\n") + "\n}"
    }

    private var requestJSON: JSONValue {
        [
            "client_ip": .string(self.clientIP), "method": .string(self.request.method),
            "url": .string(self.request.url),
        ]
    }

    /// The line is null if the configuration was built in code.
    private func routeJSON(_ name: String) -> JSONValue {
        ["name": .string(name), "line": (self.position?.line).map { .integer($0) } ?? .null]
    }

    private static func json(_ outcome: RequestOutcome) -> JSONValue {
        let limits = outcome.limits.map { limit -> JSONValue in
            [
                "by": .string(limit.by), "key": .string(limit.key), "limit": .string(limit.limit),
                "note": .string(limit.note), "source": .string(limit.source),
            ]
        }
        let timeouts = outcome.timeouts.map { ($0.name, JSONValue.string($0.limit)) }
        var members: [String: JSONValue] = [
            "limits": .array(limits), "timeouts": .sorted(Dictionary(timeouts) { first, _ in first }),
        ]
        if outcome.isPreflight { members["preflight"] = ["by": "cors", "status": 204] }
        if let refusal = outcome.refusal {
            members["refusal"] = [
                "by": .string(refusal.by), "reason": .string(refusal.reason), "source": .string(refusal.source),
                "status": .integer(refusal.status),
            ]
        }
        return .sorted(members)
    }

    /// An upstream of a split.
    private static func json(_ upstream: Destination) -> JSONValue {
        ["name": .string(upstream.name), "share": .integer(upstream.share ?? 0), "url": .string(upstream.url)]
    }

    private static func json(_ middleware: EffectiveMiddleware) -> JSONValue {
        [
            "enabled": .boolean(middleware.isEnabled), "name": .string(middleware.name),
            "settings": middleware.leavesJSON,
        ]
    }
}
