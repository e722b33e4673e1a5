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
