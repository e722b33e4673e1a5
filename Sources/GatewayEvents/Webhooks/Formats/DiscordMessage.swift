import GatewaySettings

/// A message for a webhook of Discord.
enum DiscordMessage {
    private static let contentLimit = 2000
    private static let nameLimit = 256
    /// A value may have 1024, and all of an embed 6000.
    private static let valueLimit = 200
    private static let fieldLimit = 20
    private static let footerLimit = 256

    static func json(_ event: EventText) -> JSONValue {
        [
            "content": .string(self.escaped(event.headline).cut(to: self.contentLimit)),
            "embeds": [
                [
                    "color": .integer(self.color(event.severity)),
                    "fields": .array(
                        event.details.prefix(self.fieldLimit).map { detail in
                            [
                                "name": .string(self.escaped(detail.name).cut(to: 64)),
                                "value": .string(self.escaped(detail.value).cut(to: self.valueLimit)),
                                "inline": .boolean(detail.value.utf8.count <= 40),
                            ]
                        }
                    ),
                    "footer": ["text": .string("\(event.severity) · \(event.gateway)".cut(to: self.footerLimit))],
                    "timestamp": .string(event.time),
                ]
            ],
            // Nobody is notified by what an event contains.
            "allowed_mentions": ["parse": []],
        ]
    }

    private static func color(_ severity: String) -> Int {
        switch severity {
        case "critical": 0xD92D20
        case "warning": 0xF79009
        default: 0x12B76A
        }
    }

    /// Escapes Markdown, and breaks mentions with a zero-width space.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            if "\\*_~`|>[".unicodeScalars.contains(scalar) { escaped.append("\\") }
            escaped.unicodeScalars.append(scalar)
            if scalar == "@" || scalar == "<" { escaped.append("\u{200B}") }
        }
        return escaped
    }
}
