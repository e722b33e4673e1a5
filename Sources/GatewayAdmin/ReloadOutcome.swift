package import GatewaySettings

/// The result of a reload.
package enum ReloadOutcome: Sendable {
    case reloaded(AppliedReload)
    /// The configuration was not applied. The errors are those that `gateway check` reports.
    case refused([ConfigurationError], file: String)
    /// The configuration was not applied, because the audit log cannot be written.
    case unrecorded(AuditFailure)
    /// The gateway cannot reload now, for example because it is ending.
    case unavailable(String)
}

/// What a reload changed.
package struct AppliedReload: Sendable {
    package let changes: ConfigurationComparison
    /// Settings that only take effect after a restart.
    package let warnings: [ConfigurationError]

    package init(changes: ConfigurationComparison, warnings: [ConfigurationError]) {
        self.changes = changes
        self.warnings = warnings
    }

    /// The changes, and the warnings if there are any.
    package var json: JSONValue {
        guard case .object(var members) = self.changes.json, !self.warnings.isEmpty else { return self.changes.json }
        members.append(JSONValue.Member(name: "warnings", value: .array(self.warnings.map(\.json))))
        return .object(members)
    }
}

extension APISchema {
    /// What ``AppliedReload/json`` has, and `gateway diff --json` prints.
    static let configurationChanges = Self.object(
        [
            "routes": .changedEntries, "upstreams": .changedEntries,
            "settings": .changedSettings,
        ],
        optional: ["warnings": .list(of: .configurationMistake, "Settings that take effect after a restart only.")]
    ).named("ConfigurationChanges")

    private static let changedSettings = Self.map(
        of: .object(["from": .any("Null if it was not set.", "30s"), "to": .any("Null if it is not set.", "1m")]),
        "The settings that differ, by key.",
        "timeout.total"
    )

    private static let changedEntries = Self.object([
        "added": .list(of: .text("", "users")),
        "removed": .list(of: .text("", "accounts")),
        "changed": .list(of: .object(["name": .text("", "orders"), "settings": .changedSettings])),
    ])

    /// What `gateway check --json` prints.
    static let checkReport = Self.object([
        "errors": .list(of: .configurationMistake), "file": .text("", "gateway.toml"), "valid": .boolean("", false),
        "warnings": .list(of: .configurationMistake),
    ]).named("CheckReport")

    private static let configurationMistake = Self.object(
        [
            "line": .integer("0 if it is unknown.", 12), "column": .integer("0 if it is unknown.", 1),
            "key": .text("", "routes[0].upstream"), "message": .text("", "there is no upstream \"ap\""),
            "suggestion": .text("", "did you mean \"api\"?"),
        ],
        optional: [
            "route": .text("The route that it concerns.", "users"),
            "rule": .text("The rule of `gateway lint` that a warning belongs to.", "route-unreachable"),
        ]
    ).named("ConfigurationMistake")
}
