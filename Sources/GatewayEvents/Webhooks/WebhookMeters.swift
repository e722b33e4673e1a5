package import GatewayCore
import NIOCore
import Synchronization

/// Counts the deliveries of each webhook. Any thread may read it.
package final class WebhookMeters: Sendable {
    package static let deliveries = MetricDescription(
        "gateway_webhook_deliveries_total",
        .counter,
        help: "Tries to deliver an event to a webhook by result: delivered, retry, failed.",
        labels: ["webhook", "result"]
    )
    package static let duration = MetricDescription(
        "gateway_webhook_delivery_duration_seconds",
        .histogram,
        help: "Time from sending an event to a webhook until the end of its response.",
        labels: ["webhook"],
        unit: .seconds
    )
    package static let pending = MetricDescription(
        "gateway_webhook_pending",
        .gauge(.sum),
        help: "Stored deliveries that a webhook has not answered yet.",
        labels: ["webhook"]
    )

    /// What becomes of a delivery after a try.
    package enum Result: String, CaseIterable, Sendable {
        case delivered, retry, failed
    }

    /// Why a webhook gets nothing.
    package struct Disabled: Hashable, Sendable {
        package var webhook: String
        /// `gone`, `failing` or `api`.
        package var reason: String
    }

    private struct Series {
        var results: [Result: Double] = [:]
        let durations: Histogram
        var pending = 0
        var disabled: String?
    }

    private let series = Mutex<[String: Series]>([:])
    private let bounds: HistogramBuckets

    /// - Parameter buckets: The buckets of all histograms of the gateway.
    package init(buckets: HistogramBuckets = .standard) { self.bounds = buckets }

    /// The webhooks that are disabled.
    package var disabled: [Disabled] {
        self.series.withLock { series in
            series.compactMap { id, series in series.disabled.map { Disabled(webhook: id, reason: $0) } }
        }.sorted { $0.webhook < $1.webhook }
    }

    /// The number of tries so far that ended in this way.
    package func count(_ result: Result, of webhook: String) -> Double {
        self.series.withLock { $0[webhook]?.results[result] ?? 0 }
    }

    /// - Parameter duration: In milliseconds.
    func tried(_ webhook: String, _ result: Result, duration: Int64) {
        self.change(webhook) { series in
            series.results[result, default: 0] += 1
            series.durations.observe(seconds: Double(duration) / 1000)
        }
    }

    /// A delivery failed without a try.
    func failed(_ webhook: String, count: Int) {
        self.change(webhook) { $0.results[.failed, default: 0] += Double(count) }
    }

    func set(_ webhook: String, pending: Int) { self.change(webhook) { $0.pending = pending } }

    func set(_ webhook: String, disabled: String?) { self.change(webhook) { $0.disabled = disabled } }

    /// Forgets all other webhooks.
    func retain(_ webhooks: some Collection<String>) {
        let kept = Set(webhooks)
        self.series.withLock { $0 = $0.filter { kept.contains($0.key) } }
    }

    private func change(_ webhook: String, _ body: (inout Series) -> Void) {
        self.series.withLock { series in
            body(&series[webhook, default: Series(durations: Histogram(self.bounds))])
        }
    }

    package func register(with registry: MeterRegistry) { registry.addSource { [self] in self.families() } }

    private func families() -> [MetricFamily] {
        var deliveries = MetricFamily(Self.deliveries)
        var durations = MetricFamily(Self.duration, bounds: self.bounds.seconds, natively: true)
        var pending = MetricFamily(Self.pending)
        // Histograms must not leave the lock.
        self.series.withLock { all in
            for (webhook, series) in all {
                for result in Result.allCases {
                    deliveries.append([webhook, result.rawValue], series.results[result] ?? 0)
                }
                durations.append([webhook], series.durations)
                pending.append([webhook], Double(series.pending))
            }
        }
        return [deliveries, durations, pending]
    }
}
