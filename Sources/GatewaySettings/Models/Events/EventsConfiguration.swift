/// `[events]`: what happens is told to people and programs.
public struct EventsConfiguration: SettingTable, Hashable {
    /// Token that opens `/events` and what is below it, and nothing else. Empty: only `admin.token` does.
    public var token = ""
    /// SQLite file for webhooks made through the API, deliveries and the states of alerts. Empty: memory, which forgets them at the end.
    public var store = ""
    /// Maximum number of events that wait to be handed on, per event loop. The oldest are dropped.
    public var queue = 10_000
    /// How often samples are taken for the streams that subscribe to them, 100 ms to 1 hour.
    public var sample = TimeSpan.seconds(5)
    /// Silence after which a stream is sent a sign of life, 1 second to 1 hour.
    public var heartbeat = TimeSpan.seconds(15)
    /// Maximum number of open streams.
    public var maxClients = 100
    /// How often alerts are evaluated, 100 ms to 5 minutes.
    public var evaluate = TimeSpan.seconds(5)
    /// Whether the URLs of webhooks may be plain http and have private addresses.
    public var allowPrivate = false
    /// Waits before each further attempt of a delivery, each varied at random by up to 20 %.
    public var retry: [TimeSpan] = [
        .seconds(5), .minutes(5), .minutes(30), .hours(2), .hours(5), .hours(10), .hours(14), .hours(20), .hours(24),
    ]
    /// A webhook whose deliveries have failed for this long is disabled.
    public var disableAfter = TimeSpan.hours(120)
    /// Receivers of events.
    public var webhooks: [WebhookConfiguration] = []

    public init() {}
}
