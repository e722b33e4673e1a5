import Synchronization

/// Counts configuration reloads, and records when a configuration was last applied.
package final class ReloadMeters: Sendable {
    package static let reloads = MetricDescription(
        "gateway_config_reloads_total",
        .counter,
        help: "Configuration reloads by result: ok, error.",
        labels: ["result"]
    )
    static let lastSuccessTime = MetricDescription(
        "gateway_config_last_success_timestamp_seconds",
        .gauge(.maximum),
        help: "Time at which a configuration was last applied, at start or by a reload.",
        unit: .seconds
    )

    private let taken = SharedMeter()
    private let refused = SharedMeter()
    private let lastSuccess = SharedMeter()
    private let isLastRefused = Atomic(false)

    /// - Parameter start: when the first configuration was applied, in milliseconds since 1970.
    package init(start: Int64) {
        self.lastSuccess.set(Double(start) / 1000)
    }

    /// - Parameter time: in milliseconds since 1970.
    func reloaded(at time: Int64) {
        self.taken.add()
        self.lastSuccess.set(Double(time) / 1000)
        self.isLastRefused.store(false, ordering: .relaxed)
    }

    /// A new configuration was invalid, and the old one stays.
    package func failed() {
        self.refused.add()
        self.isLastRefused.store(true, ordering: .relaxed)
    }

    /// Whether the last reload failed, so that the running configuration is not the latest.
    package var lastReloadFailed: Bool { self.isLastRefused.load(ordering: .relaxed) }

    package func register(with registry: MeterRegistry) {
        registry.add(self.taken, as: Self.reloads, ["ok"])
        registry.add(self.refused, as: Self.reloads, ["error"])
        registry.add(self.lastSuccess, as: Self.lastSuccessTime)
    }
}
