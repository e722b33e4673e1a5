import GatewayCore
package import GatewaySettings

/// A rule of the configuration, ready to be evaluated.
package struct AlertRule: Sendable {
    package let name: String
    let when: String
    let condition: AlertCondition
    /// Nanoseconds.
    let window: Int64
    let minRequests: Int
    let timing: AlertTiming
    package let severity: EventSeverity
    let message: AlertMessage
    /// The message as written.
    let text: String
    let sources: Set<AlertSource>

    /// - Returns: nil if the condition is not valid, which the check of the configuration has reported.
    package init?(_ alert: AlertConfiguration, metrics: AlertMetrics) {
        guard let condition = try? AlertParser.condition(alert.when, metrics: metrics) else { return nil }
        self.name = alert.name
        self.when = alert.when
        self.condition = condition
        self.window = alert.window.nanoseconds
        self.minRequests = alert.minRequests
        self.timing = AlertTiming(
            holding: alert.for.nanoseconds,
            resolving: alert.resolveAfter.nanoseconds,
            cooldown: alert.cooldown.nanoseconds
        )
        self.severity = alert.severity
        self.text = alert.message
        self.message = AlertMessage(alert.message.isEmpty ? "{alert}: {value}" : alert.message)
        self.sources = AlertSource.all(of: condition)
    }

    /// Whether it observes the same as another one, so that its state stays.
    func observesSame(as other: AlertRule) -> Bool {
        self.name == other.name && self.when == other.when && self.window == other.window
            && self.minRequests == other.minRequests
    }

    /// Returns an event about an alert of this rule.
    func event(
        _ type: String,
        _ labels: AlertLabels,
        state: AlertInstance.State,
        value: Double,
        unit: AlertUnit,
        since: AlertMoment,
        isTest: Bool = false
    ) -> GatewayEvent {
        var data: [String: JSONValue] = [
            "alert": .string(self.name),
            "labels": labels.json,
            "state": .string(state.rawValue),
            "message": .string(self.message(labels, state: state, value: value, unit: unit)),
            "since": since.json,
        ]
        if value.isFinite { data["value"] = .number(value) }
        if isTest { data["test"] = true }
        return GatewayEvent(type, self.severity, topic: "alerts", data)
    }

    /// The message of an alert of this rule.
    func message(_ labels: AlertLabels, state: AlertInstance.State, value: Double, unit: AlertUnit) -> String {
        let names = [
            "alert": self.name, "severity": self.severity.rawValue, "state": state.rawValue, "value": unit.text(value),
        ]
        return self.message.filled { labels[$0] ?? names[$0] }
    }
}
