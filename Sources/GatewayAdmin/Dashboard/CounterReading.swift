import GatewayCore

/// Counters at one time, to compare with a later reading.
struct CounterReading: Sendable {
    /// The counters that the dashboard shows rates of.
    static let names: Set<String> = [
        DashboardMetric.limitDecisions, DashboardMetric.cacheRequests, TargetMeters.requestsAnswered.name,
        TargetMeters.requestDuration.name,
    ]

    /// In nanoseconds of the clock of event loops.
    let time: UInt64
    let families: [MetricFamily]
    /// Requests over a limit by consumer, of those that had some.
    let limited: [String: UInt64]
    /// Since the start of the process; nil if it cannot be read.
    let processorSeconds: Double?
}

/// Names of metrics of targets that this one does not import.
enum DashboardMetric {
    static let limitDecisions = "gateway_rate_limit_decisions_total"
    static let limitKeys = "gateway_rate_limit_keys"
    static let cacheRequests = "gateway_cache_requests_total"
    static let cacheBytes = "gateway_cache_bytes"
    static let cacheObjects = "gateway_cache_objects"
    static let cacheEvictions = "gateway_cache_evictions_total"
}

/// The readings of the last ten seconds.
struct RecentReadings: Sendable {
    /// In nanoseconds.
    private static let span: UInt64 = 10_000_000_000
    private var readings: [CounterReading] = []

    var count: Int { self.readings.count }

    mutating func append(_ reading: CounterReading) {
        // The newest one that is ten seconds old stays, so that the whole span is covered.
        while self.readings.count > 1, reading.time >= self.readings[1].time + Self.span { self.readings.removeFirst() }
        self.readings.append(reading)
    }

    /// The reading to compare one of now with: the oldest of the last ten seconds. Nil if there is none.
    func baseline(at time: UInt64) -> CounterReading? {
        self.readings.first { $0.time + Self.span >= time } ?? self.readings.last
    }
}

/// What has changed between two readings.
struct CounterChange: Sendable {
    /// By metric and labels.
    private let old: [String: [[String]: ArraySlice<Double>]]
    private let oldLimited: [String: UInt64]
    private let oldProcessorSeconds: Double?
    private let new: CounterReading
    /// The families of the new reading, by name.
    private let families: [String: MetricFamily]
    /// The time between the readings, at least one.
    let seconds: Double

    /// - Parameters:
    ///   - old: Nil if counting began with the gateway.
    ///   - uptime: Of the gateway in seconds, for a comparison with its start.
    init(from old: CounterReading?, to new: CounterReading, uptime: Double) {
        self.old = (old?.families ?? []).reduce(into: [:]) { families, family in
            let series = family.labels.enumerated().map { ($1, family.values(at: $0)) }
            families[family.description.name] = Dictionary(series) { first, _ in first }
        }
        self.oldLimited = old?.limited ?? [:]
        self.oldProcessorSeconds = old?.processorSeconds
        self.new = new
        self.families = Dictionary(new.families.map { ($0.description.name, $0) }) { first, _ in first }
        let seconds = old.map { Double(new.time - min(new.time, $0.time)) / 1e9 } ?? uptime
        self.seconds = max(1, seconds)
    }

    struct Series {
        let labels: [String]
        /// What was added to its values.
        let added: [Double]
        /// Its values now.
        let values: ArraySlice<Double>
    }

    /// All series of a metric.
    func series(of name: String) -> [Series] {
        guard let family = self.families[name] else { return [] }
        let old = self.old[name] ?? [:]
        return family.labels.enumerated().map { index, labels in
            let values = family.values(at: index)
            guard let before = old[labels], before.count == values.count else {
                return Series(labels: labels, added: Array(values), values: values)
            }
            return Series(labels: labels, added: zip(values, before).map { max(0, $0 - $1) }, values: values)
        }
    }

    /// The processor time per second; nil if it is not known yet.
    var processorCores: Double? {
        guard let old = self.oldProcessorSeconds, let new = self.new.processorSeconds else { return nil }
        return max(0, new - old) / self.seconds
    }

    /// The requests of consumers over a limit: those that were added, and all.
    var limited: [(consumer: String, added: UInt64, total: UInt64)] {
        self.new.limited.map { name, total in
            let before = self.oldLimited[name] ?? 0
            return (name, total >= before ? total - before : total, total)
        }
    }
}
