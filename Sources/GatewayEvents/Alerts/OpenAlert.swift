package import GatewaySettings

/// An alert that fires, as people read about it.
package struct OpenAlert: Sendable, Hashable {
    /// The name of its rule.
    package var name: String
    package var labels: [String: String]
    package var severity: EventSeverity
    package var isFlapping: Bool
    package var message: String
    /// In milliseconds since 1970.
    package var since: Int64
}

extension AlertBoard {
    /// The alerts that fire, in the order of their rules.
    package var open: [OpenAlert] {
        self.entries.flatMap { entry in
            entry.instances.filter(\.value.isOpen).sorted { $0.key < $1.key }.map { labels, instance in
                OpenAlert(
                    name: entry.rule.name,
                    labels: labels.dictionary,
                    severity: entry.rule.severity,
                    isFlapping: instance.isFlapping,
                    message: entry.rule.message(
                        labels,
                        state: instance.state,
                        value: instance.value,
                        unit: entry.units[labels] ?? .none
                    ),
                    since: instance.since.wall
                )
            }
        }
    }
}
