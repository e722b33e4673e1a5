/// `[[alerts]]`: a condition that is told when it begins and when it ends.
public struct AlertConfiguration: SettingTable, Hashable {
    /// The name in the API, events and metrics.
    public var name = ""
    /// The condition: `error_rate{route='users'} > 0.05`.
    public var when = ""
    /// The time that measures look back, 10 seconds to 1 hour.
    public var window = TimeSpan.minutes(1)
    /// How long the condition must hold before the alert fires.
    public var `for` = TimeSpan.zero
    /// How long the condition must be over before the alert is resolved.
    public var resolveAfter = TimeSpan.zero
    /// An alert that fires again sooner after the last notice is not told, nor is its end.
    public var cooldown = TimeSpan.zero
    /// How urgent the alert is.
    public var severity = EventSeverity.warning
    /// What notices say, with placeholders such as `{value}` and the names of labels.
    public var message = ""
    /// Fewer requests than this in `window` are no data.
    public var minRequests = 10

    public init() {}
}
