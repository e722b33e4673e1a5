/// `[sentry]`: errors are reported to Sentry, or to another service with its protocol.
public struct SentryConfiguration: SettingTable, Hashable {
    /// Where errors are reported: `https://KEY@HOST/PROJECT`. Empty: nowhere.
    public var dsn = ""
    /// The environment that reports name.
    public var environment = "production"
    /// Share of the errors that are reported, 0 to 1.
    public var sample = 1.0
    /// Statuses and error codes that are not reported.
    public var ignore = ["503", "draining"]
    /// Share of the requests whose trace is reported, 0 to 1.
    public var traces = 0.0

    public init() {}
}
