package import GatewayCore
import GatewaySettings
import Synchronization

/// What alerts report about themselves.
package final class AlertMeters: Sendable {
    package static let firing = MetricDescription(
        "gateway_alerts_firing",
        .gauge(.sum),
        help: "Alerts that fire, by rule. Flapping ones count.",
        labels: ["alert", "severity"]
    )
    package static let failures = MetricDescription(
        "gateway_alert_evaluation_failures_total",
        .counter,
        help: "Evaluations of alerts that did not happen because the one before was not done (late), and label sets "
            + "that were left out because their rule had too many (series).",
        labels: ["reason"]
    )
    package static let duration = MetricDescription(
        "gateway_alert_evaluation_duration_seconds",
        .gauge(.maximum),
        help: "How long the last evaluation of all alerts took.",
        unit: .seconds
    )

    let late = SharedMeter()
    let series = SharedMeter()
    let lastDuration = SharedMeter()
    private let counts = Mutex<[(labels: [String], count: Int)]>([])

    /// Called after each evaluation.
    func set(_ firing: [(rule: AlertRule, count: Int)]) {
        let counts = firing.map { (labels: [$0.rule.name, $0.rule.severity.rawValue], count: $0.count) }
        self.counts.withLock { $0 = counts }
    }

    func register(with registry: MeterRegistry) {
        registry.add(self.late, as: Self.failures, ["late"])
        registry.add(self.series, as: Self.failures, ["series"])
        registry.add(self.lastDuration, as: Self.duration)
        registry.addSource { [self] in
            var family = MetricFamily(Self.firing)
            for (labels, count) in self.counts.withLock({ $0 }) { family.append(labels, Double(count)) }
            return [family]
        }
    }
}
