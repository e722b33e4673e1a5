package import GatewayHTTP

/// `[[events.webhooks]]`: a receiver of events.
public struct WebhookConfiguration: SettingTable, Hashable {
    /// The name in the API, metrics and logs. Empty: the URL's host.
    public var id = ""
    /// Where events are posted.
    public var url = ServiceURL.missing
    /// Signs the requests (Standard Webhooks): `whsec_` and the base64 of 24 to 64 bytes. Several sign one after the other.
    public var secret = WebhookSecrets()
    /// Types of events: `"circuit.opened"`, `"upstream.*"`, `"*"`. Empty: all.
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

extension WebhookConfiguration {
    /// The ID, or the URL's host if there is none.
    package var name: String { self.id.isEmpty ? self.url.target.hostAndPort?.host ?? "" : self.id }

    /// Whether the text can be an ID. Hosts can. `.` and `..` cannot, because clients drop them from paths.
    package static func isID(_ text: String) -> Bool {
        (1...253).contains(text.utf8.count) && text != "." && text != ".."
            && text.utf8.allSatisfy { byte in
                byte.isASCIILetter || (0x30...0x39).contains(byte) || "-_.:".utf8.contains(byte)
            }
    }

    /// Whether a pattern includes a type of events.
    package static func pattern(_ pattern: String, matches type: String) -> Bool {
        pattern.last == "*" ? type.hasPrefix(pattern.dropLast()) : type == pattern
    }

    /// Whether the text is `*`, a type of events such as `upstream.down`, or the start of types, such as `upstream.*`.
    package static func isEventPattern(_ text: String) -> Bool {
        if text == "*" { return true }
        let words = text.split(separator: ".", omittingEmptySubsequences: false)
        return words.enumerated().allSatisfy { index, word in
            if word == "*" { return index > 0 && index == words.count - 1 }
            return !word.isEmpty
                && word.utf8.allSatisfy { byte in
                    byte.isASCIILetter || (0x30...0x39).contains(byte) || "-_".utf8.contains(byte)
                }
        }
    }
}

extension EventsConfiguration {
    /// The addresses that webhooks may have.
    package var addresses: AddressPolicy { self.allowPrivate ? .all : .publicOnly }
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
