import GatewayCore
import GatewaySettings
import NIOCore

/// Makes samples out of the differences between two readings of the metrics.
///
/// ```
/// metrics.route     {"seconds","routes":[{"name","rate","error_ratio","limited_rate","p50_ms","p95_ms","p99_ms","in_flight"}]}
/// metrics.upstream  {"seconds","upstreams":[{"name","targets_up","targets":[{"target","up","circuit",…}], …}]}
/// metrics.system    {"seconds","cpu_cores","memory_bytes","open_files","connections", …}
/// ```
struct Sampler {
    /// Only the busiest routes and upstreams are in a sample.
    static let maxEntries = 1000

    private var last: (reading: MetricReading, at: NIODeadline)?

    /// Returns what has changed since the last reading; nil for the first.
    mutating func sample(_ families: [MetricFamily], at now: NIODeadline) -> [SampleKind: JSONValue]? {
        let reading = MetricReading(families)
        defer { self.last = (reading, now) }
        guard let last = self.last, now > last.at else { return nil }
        let change = MetricChange(from: last.reading, to: reading, seconds: Double((now - last.at).nanoseconds) / 1e9)
        return [.route: change.routes, .upstream: change.upstreams, .system: change.system]
    }

    /// Forgets the last reading, because nobody listens any more.
    mutating func reset() { self.last = nil }
}
