package import GatewaySettings
package import NIOCore

/// What a webhook posts for an event.
package struct WebhookBody {
    package let contentType: String
    package let bytes: ByteBuffer

    private static let json = "application/json"

    /// - Parameter event: The event as JSON.
    package init(_ event: ByteBuffer, for settings: WebhookConfiguration) {
        var value: JSONValue { (try? StrictJSON.parse(Array(event.readableBytesView))) ?? .null }
        switch settings.format {
        case .event:
            self.init(Self.json, event)
        case .slack: self.init(SlackMessage.json(EventText(value)))
        case .discord: self.init(DiscordMessage.json(EventText(value)))
        case .pagerduty: self.init(PagerDutyEvent.json(value, routingKey: settings.routingKey))
        case .template:
            let template = try? WebhookTemplate(settings.body)
            self.init(
                template?.isJSON == true ? Self.json : "text/plain; charset=utf-8",
                ByteBuffer(bytes: template?.filled(with: value) ?? [])
            )
        }
    }

    private init(_ value: JSONValue) { self.init(Self.json, ByteBuffer(string: JSONText.text(value))) }

    private init(_ contentType: String, _ bytes: ByteBuffer) {
        self.contentType = contentType
        self.bytes = bytes
    }
}
