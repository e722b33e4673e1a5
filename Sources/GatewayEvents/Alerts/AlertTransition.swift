import DequeModule
import GatewaySettings

/// A change of an alert's state.
struct AlertTransition: Hashable, Sendable {
    let alert: String
    let labels: AlertLabels
    let from: AlertInstance.State
    let to: AlertInstance.State
    /// Milliseconds since 1970.
    let time: Int64
    let value: Double

    var json: JSONValue {
        [
            "alert": .string(self.alert),
            "labels": self.labels.json,
            "from": .string(self.from.rawValue),
            "to": .string(self.to.rawValue),
            "time": AlertMoment(clock: 0, wall: self.time).json,
            "value": .alertValue(self.value),
        ]
    }

    /// Whether it is worth a line. Quiet routes change between no data and ok all day.
    var isNotable: Bool {
        let quiet: Set<AlertInstance.State> = [.ok, .noData, .resolved]
        return !(quiet.contains(self.from) && quiet.contains(self.to))
    }
}

/// The last changes of all alerts.
struct AlertHistory: Sendable {
    static let limit = 1000

    private(set) var transitions: Deque<AlertTransition> = []

    mutating func add(_ transition: AlertTransition) {
        guard transition.isNotable else { return }
        if self.transitions.count >= Self.limit { self.transitions.removeFirst() }
        self.transitions.append(transition)
    }
}
