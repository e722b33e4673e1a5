import GatewaySettings

/// A message for an incoming webhook of Slack, or of a service that accepts the same.
enum SlackMessage {
    private static let textLimit = 3000
    private static let valueLimit = 1000
    private static let fieldLimit = 20

    static func json(_ event: EventText) -> JSONValue {
        [
            "text": .string(self.escaped(event.headline.cut(to: self.textLimit))),
            "attachments": [
                [
                    "color": .string(self.color(event.severity)),
                    "fallback": .string(self.escaped(event.headline.cut(to: self.textLimit))),
                    "fields": .array(
                        event.details.prefix(self.fieldLimit).map { detail in
                            [
                                "title": .string(self.escaped(detail.name)),
                                "value": .string(self.escaped(detail.value.cut(to: self.valueLimit))),
                                "short": .boolean(detail.value.utf8.count <= 40),
                            ]
                        }
                    ),
                    "footer": .string(self.escaped("\(event.severity) · \(event.gateway) · \(event.time)")),
                ]
            ],
        ]
    }

    private static func color(_ severity: String) -> String {
        switch severity {
        case "critical": "danger"
        case "warning": "warning"
        default: "good"
        }
    }

    /// Escapes what would start a link or a mention, such as `<!channel>`.
    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
