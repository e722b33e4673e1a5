import Synchronization

/// Counts configuration reloads, and records when a configuration was last applied.
package final class ReloadMeters: Sendable {
    package static let reloads = MetricDescription(
        "gateway_config_reloads_total",
        .counter,
        help: "Configuration reloads by result: ok, refused.",
        labels: ["result"]
    )
    static let lastSuccessTime = MetricDescription(
        "gateway_config_last_success_timestamp_seconds",
        .gauge(.maximum),
        help: "Time at which a configuration was last applied, at start or by a reload.",
        unit: .seconds
    )

    private let taken = SharedMeter()
    private let rejected = SharedMeter()
    private let lastSuccess = SharedMeter()
    private let error = Mutex<String?>(nil)

    /// - Parameter start: when the first configuration was applied, in milliseconds since 1970.
    package init(start: Int64) {
        self.lastSuccess.set(Double(start) / 1000)
    }

    /// - Parameter time: in milliseconds since 1970.
    package func reloaded(at time: Int64) {
        self.taken.add()
        self.lastSuccess.set(Double(time) / 1000)
        self.error.withLock { $0 = nil }
    }

    /// A new configuration was invalid, and the old one stays.
    package func refused(because error: String) {
        self.rejected.add()
        self.error.withLock { $0 = error }
    }

    /// Why the last reload was refused, so that the running configuration is not the latest; nil if it succeeded.
    package var lastError: String? { self.error.withLock { $0 } }

    package func register(with registry: MeterRegistry) {
        registry.add(self.taken, as: Self.reloads, ["ok"])
        registry.add(self.rejected, as: Self.reloads, ["refused"])
        registry.add(self.lastSuccess, as: Self.lastSuccessTime)
    }
}
