/// `[[events.webhooks]]`: a receiver of events.
public struct WebhookConfiguration: SettingTable, Hashable {
    /// The name in the API, metrics and logs. Empty: the URL's host.
    public var id = ""
    /// Where events are posted.
    public var url = ServiceURL.missing
    /// Signs the requests (Standard Webhooks): `whsec_` and the base64 of 24 to 64 bytes. Several sign one after the other.
    public var secret = WebhookSecrets()
    /// Types of events: `"circuit.opened"`, `"upstream.*"`, `"*"`.
    public var events: [String] = []
    /// Conditions on the events, all of which apply.
    public var filter = EventFilterConfiguration()
    /// What is posted.
    public var format = WebhookFormat.event
    /// The key of an integration, for `format = "pagerduty"`.
    public var routingKey = ""
    /// The body for `format = "template"`, with placeholders such as `{type}` and `{data.route}`.
    public var body = ""
    /// Further header fields of the requests.
    public var headers: [String: String] = [:]
    /// How long a delivery may take, 100 ms to 5 minutes.
    public var timeout = TimeSpan.seconds(10)

    public init() {}
}

/// `filter`: conditions on events, all of which apply. An empty list applies to all events.
public struct EventFilterConfiguration: SettingTable, Hashable {
    /// The event has one of these severities.
    public var severity: [EventSeverity] = []
    /// The event is about one of these routes.
    public var route: [String] = []
    /// The event is about one of these upstreams.
    public var upstream: [String] = []
    /// The event is about one of these alerts.
    public var alert: [String] = []

    public init() {}
}

/// How urgent an event is.
public enum EventSeverity: String, SettingChoice, Hashable {
    case info, warning, critical
}

/// What a webhook posts.
public enum WebhookFormat: String, SettingChoice, Hashable {
    /// The event as JSON.
    case event
    /// A message for Slack.
    case slack
    /// A message for Discord.
    case discord
    /// An event for PagerDuty's Events API v2.
    case pagerduty
    /// `body`.
    case template
}
