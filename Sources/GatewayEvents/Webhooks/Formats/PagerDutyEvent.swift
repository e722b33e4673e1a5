import Crypto
import GatewaySettings

/// An event for PagerDuty's Events API v2.
enum PagerDutyEvent {
    private static let summaryLimit = 1024
    private static let keyLimit = 255

    /// The types that end an incident, with those that began it.
    private static let beginnings = [
        "alert.resolved": "alert.firing",
        "circuit.closed": "circuit.opened",
        "config.reloaded": "config.refused",
        "gateway.handed_over": "gateway.handover_failed",
        "gateway.recovered": "gateway.overloaded",
        "redis.up": "redis.down",
        "upstream.up": "upstream.down",
    ]

    /// - Parameter event: The event, as its JSON has it.
    static func json(_ event: JSONValue, routingKey: String) -> JSONValue {
        let text = EventText(event)
        let isEnd = self.beginnings[text.type] != nil
        var members: [JSONValue.Member] = [
            .init(name: "routing_key", value: .string(routingKey)),
            .init(name: "event_action", value: .string(isEnd ? "resolve" : "trigger")),
            .init(name: "dedup_key", value: .string(self.key(event, text))),
        ]
        if !isEnd {
            members += [
                .init(
                    name: "payload",
                    value: [
                        "summary": .string(text.headline.cut(to: self.summaryLimit)),
                        "source": .string(text.gateway),
                        "severity": .string(text.severity),
                        "timestamp": .string(text.time),
                        "component": event["topic"] ?? "",
                        "class": .string(text.type),
                        "custom_details": event["data"] ?? [:],
                    ]
                ),
                .init(name: "client", value: "gateway"),
            ]
        }
        return .object(members)
    }

    /// Names an incident: what its beginning and its end have in common. A restart changes the process, not the host.
    private static func key(_ event: JSONValue, _ text: EventText) -> String {
        let beginning = self.beginnings[text.type] ?? (text.type == "circuit.half_open" ? "circuit.opened" : text.type)
        let host = text.gateway.split(separator: ":").dropLast().joined(separator: ":")
        // Clients have addresses too, but no incidents of their own.
        let isTarget = text.type.hasPrefix("upstream.") || text.type.hasPrefix("circuit.")
        let names = isTarget ? ["target", "address"] : ["node", "file", "webhook", "alert", "labels", "code", "test"]
        let parts = names.compactMap { name in
            event["data"]?[name]?.plainText
        }
        let key = ([host, beginning, event["topic"]?.plainText ?? ""] + parts).joined(separator: "/")
        guard key.utf8.count > self.keyLimit else { return key }
        return SHA256.hash(data: Array(key.utf8)).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
            .joined()
    }
}
