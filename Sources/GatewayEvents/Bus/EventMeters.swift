package import GatewayCore

/// Counts events for `/metrics`.
package struct EventMeters: Sendable {
    package static let published = MetricDescription(
        "gateway_events_total",
        .counter,
        help: "Events by topic.",
        labels: ["topic"]
    )
    package static let dropped = MetricDescription(
        "gateway_events_dropped_total",
        .counter,
        help: "Events that somebody did not get: queue (too many waited to be handed on), "
            + "subscriber (the embedding program was too slow).",
        labels: ["reason"]
    )

    /// Further topics share a series.
    private static let maxTopics = 1000

    private var topics = ["alerts": 0, "config": 0, "gateway": 0]
    private var drops: [EventDrop: Int] = [:]

    mutating func count(_ topic: String) {
        let isKnown = self.topics[topic] != nil || self.topics.count < Self.maxTopics
        self.topics[isKnown ? topic : MetricLabel.other, default: 0] += 1
    }

    mutating func count(_ number: Int, _ drop: EventDrop) { self.drops[drop, default: 0] += number }

    var families: [MetricFamily] {
        var published = MetricFamily(Self.published)
        for (topic, count) in self.topics { published.append([topic], Double(count)) }
        var dropped = MetricFamily(Self.dropped)
        for drop in EventDrop.allCases { dropped.append([drop.rawValue], Double(self.drops[drop] ?? 0)) }
        return [published, dropped]
    }
}

/// Why somebody did not get an event.
package enum EventDrop: String, CaseIterable, Sendable {
    /// More than `events.queue` events of one publisher waited to be handed on.
    case queue
    /// A subscriber in the embedding program was too slow.
    case subscriber
}
