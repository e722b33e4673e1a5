import GatewaySettings

/// Webhooks in the description of the API.
extension APISchema {
    /// The settings that are shown.
    private static let settings: Members = [
        "events": .list(of: .text("", "upstream.*"), "Types of events. Empty: all."),
        "filter": .object(
            optional: [
                "severity": .list(of: .word("", of: EventSeverity.allCases.map(\.rawValue))),
                "route": .list(of: .text("", "users")), "upstream": .list(of: .text("", "api")),
                "alert": .list(of: .text("", "error-rate")),
            ],
            "Conditions on the events, all of which apply."
        ),
        "format": .word("What is posted.", of: WebhookFormat.allCases.map(\.rawValue)),
        "headers": .map(of: .text("", "gateway"), "Further header fields.", "X-Source"),
        "timeout": .text("How long a delivery may take.", "10s"),
    ]
    private static let formatSettings: Members = [
        "routing_key": .text("The key of an integration, for the format `pagerduty`.", ""),
        "body": .text("The body, for the format `template`.", ""),
    ]

    private static let shown: Members =
        [
            "id": .text("", "ops"),
            "url": .text("Of a webhook of the file, the host alone.", "https://hooks.example/gateway"),
        ] + Self.settings + [
            "source": .word("Where the webhook is from.", of: ["api", "file"]),
            "enabled": .boolean("Whether events are delivered."),
            "disabled_reason": .text("Null if it is enabled.", "failing").orNull,
            "failing_since": .time("Null if the last delivery succeeded.").orNull,
            "pending": .integer("The deliveries that wait.", 0),
        ]

    /// A webhook as the API shows it.
    static let webhook = Self.object(Self.shown, optional: Self.formatSettings).named("Webhook")

    /// A webhook, with a secret that was made for it.
    static let webhookWithSecret = Self.object(
        Self.shown,
        optional: Self.formatSettings + ["secret": .text("Shown once.", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    ).named("WebhookWithSecret")

    private static let url: Members = ["url": .text("Where events are posted.", "https://hooks.example/gateway")]
    private static let writable: Members =
        (["id": .text("The name in the API, metrics and logs. By default the host of the URL.", "ops")] + Self.settings
        + Self.formatSettings + [
            "secret": .anyOf([
                .text("`whsec_` and the base64 of 24 to 64 bytes.", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
                .list(of: .text("", ""), "Secrets that all sign."),
            ]),
            "enabled": .boolean("Whether events are delivered."),
        ]).orNull

    /// A new webhook.
    static let webhookDraft = Self.object(Self.url, optional: Self.writable).named("NewWebhook")

    /// A merge patch of a webhook (RFC 7396).
    static let webhookPatch = Self.object(optional: Self.url + Self.writable).named("WebhookPatch")
}
