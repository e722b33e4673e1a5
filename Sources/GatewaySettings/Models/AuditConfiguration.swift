/// `[audit]`: who changed what, when, and from where.
public struct AuditConfiguration: SettingTable, Hashable {
    /// File of the log, one JSON object per line. Empty: only memory keeps the last 1,000 entries.
    public var file = ""
    /// What is recorded.
    public var events = [AuditEvents.admin, .config, .authFailure]
    /// Whether an act is refused if it cannot be recorded.
    public var required = true

    public init() {}
}

/// A kind of act that the audit log records.
public enum AuditEvents: String, SettingChoice {
    /// What is done through the admin API, and requests that it refuses.
    case admin
    /// Changes of the configuration.
    case config
    /// Wrong credentials of clients.
    case authFailure = "auth_failure"
}
