import Synchronization

/// Counts configuration reloads, and records when a configuration was last applied.
package final class ReloadMeters: Sendable {
    package static let reloads = MetricDescription(
        "gateway_config_reloads_total",
        .counter,
        help: "Configuration reloads by result: ok, refused.",
        labels: ["result"]
    )
    package static let lastSuccessTime = MetricDescription(
        "gateway_config_last_success_timestamp_seconds",
        .gauge(.maximum),
        help: "Time at which a configuration was last applied, at start or by a reload.",
        unit: .seconds
    )

    package static let lastSuccess = MetricDescription(
        "gateway_config_last_reload_successful",
        .gauge(.minimum),
        help: "1 if the last configuration was applied, 0 if it was refused and the one before still runs."
    )

    private let taken = SharedMeter()
    private let rejected = SharedMeter()
    private let lastSuccessTime = SharedMeter()
    private let isCurrent = SharedMeter()
    private let refusal = Mutex<Refusal?>(nil)

    /// A reload that was refused.
    package struct Refusal: Sendable, Hashable {
        package var error: String
        /// When the first reload since the last successful one was refused, in milliseconds since 1970.
        package var since: Int64
    }

    /// - Parameter start: when the first configuration was applied, in milliseconds since 1970.
    package init(start: Int64) {
        self.lastSuccessTime.set(Double(start) / 1000)
        self.isCurrent.set(1)
    }

    /// - Parameter time: in milliseconds since 1970.
    package func reloaded(at time: Int64) {
        self.taken.add()
        self.lastSuccessTime.set(Double(time) / 1000)
        self.isCurrent.set(1)
        self.refusal.withLock { $0 = nil }
    }

    /// A new configuration was invalid, and the old one stays.
    package func refused(because error: String, at time: Int64 = Platform.unixMilliseconds()) {
        self.rejected.add()
        self.isCurrent.set(0)
        self.refusal.withLock { $0 = Refusal(error: error, since: $0?.since ?? time) }
    }

    /// Why the last reload was refused, so that the running configuration is not the latest; nil if it succeeded.
    package var lastError: String? { self.lastRefusal?.error }

    /// The last reload, if it was refused.
    package var lastRefusal: Refusal? { self.refusal.withLock { $0 } }

    package func register(with registry: MeterRegistry) {
        registry.add(self.taken, as: Self.reloads, ["ok"])
        registry.add(self.rejected, as: Self.reloads, ["refused"])
        registry.add(self.lastSuccessTime, as: Self.lastSuccessTime)
        registry.add(self.isCurrent, as: Self.lastSuccess)
    }
}
