import GatewayCore
import GatewaySettings

/// What conditions are computed from: some values of a metric, joined by the labels that a measure has.
enum AlertSource: Hashable {
    // Sums that only grow.
    /// Requests of a route, and those with a status of 500 or more.
    case requests
    /// A route's requests by duration, and their sum in seconds.
    case durations
    case limited
    /// Hits of the cache, and look-ups.
    case lookups
    case processor
    case webhookFailures
    case counter(String)
    // Values of the moment.
    case inFlight
    case targetsUp
    case circuits
    case memory
    case openFiles
    case certificates
    case gauge(String)

    init(_ measure: AlertMeasure) {
        self =
            switch measure {
            case .errorRate, .requestRate: .requests
            case .p50, .p90, .p95, .p99, .latencyAverage: .durations
            case .inFlight: .inFlight
            case .limitedRate: .limited
            case .cacheHitRatio: .lookups
            case .upstreamUp: .targetsUp
            case .circuitOpen: .circuits
            case .cpu: .processor
            case .memory: .memory
            case .openFiles: .openFiles
            case .certificateDays: .certificates
            case .webhookFailures: .webhookFailures
            }
    }

    /// The families of ``MeterRegistry`` that it reads.
    var metric: String {
        switch self {
        case .requests: RouteMeters.requestsAnswered.name
        case .durations: RouteMeters.requestDuration.name
        case .limited: "gateway_rate_limit_decisions_total"
        case .lookups: "gateway_cache_requests_total"
        case .processor: ProcessMetrics.cpu.name
        case .webhookFailures: "gateway_webhook_deliveries_total"
        case .inFlight: RouteMeters.requestsInFlight.name
        case .targetsUp: TargetMeters.targetUp.name
        case .circuits: TargetMeters.circuitState.name
        case .memory: ProcessMetrics.residentMemory.name
        case .openFiles: ProcessMetrics.openFiles.name
        case .certificates: "gateway_tls_certificate_expiry_timestamp_seconds"
        case .counter(let name), .gauge(let name): name
        }
    }

    /// Whether its values only grow, so that they are compared over a window.
    var isCumulative: Bool {
        switch self {
        case .requests, .durations, .limited, .lookups, .processor, .webhookFailures, .counter: true
        case .inFlight, .targetsUp, .circuits, .memory, .openFiles, .certificates, .gauge: false
        }
    }
}

extension AlertSource {
    /// Reads the source from its metric.
    ///
    /// - Parameter now: Milliseconds since 1970.
    func read(_ family: MetricFamily, now: Int64) -> AlertReading {
        let labels = family.description.labels
        func reading(by label: String?, _ values: (_ row: [String], ArraySlice<Double>) -> [Double]?) -> AlertReading {
            var reading = AlertReading()
            let place = label.flatMap { labels.firstIndex(of: $0) }
            for (index, row) in family.labels.enumerated() {
                guard let values = values(row, family.values(at: index)) else { continue }
                if let label, let place {
                    // Requests that belong to no route of the configuration.
                    if label == "route", Self.unnamedRoutes.contains(row[place]) { continue }
                    reading.add(values, to: AlertLabels(sorted: [label], [row[place]]))
                } else {
                    reading.add(values, to: .none)
                }
            }
            return reading
        }
        func value(_ label: String, of row: [String]) -> String? { labels.firstIndex(of: label).map { row[$0] } }
        switch self {
        case .requests:
            return reading(by: "route") { row, values in
                let isError = value("code", of: row)?.hasPrefix("5") ?? false
                return [values.sum, isError ? values.sum : 0]
            }
        case .durations:
            var durations = reading(by: "route") { _, values in Array(values) }
            durations.bounds = family.bounds
            return durations
        case .limited:
            return reading(by: "route") { row, values in
                [value("decision", of: row) == "limited" ? values.sum : 0]
            }
        case .lookups:
            return reading(by: "route") { row, values in
                switch value("result", of: row) {
                case "hit", "stale", "revalidated", "coalesced": [values.sum, values.sum]
                case "miss": [0, values.sum]
                default: nil
                }
            }
        case .webhookFailures:
            return reading(by: "webhook") { row, values in
                [value("result", of: row) == "delivered" ? 0 : values.sum]
            }
        case .inFlight: return reading(by: "route") { _, values in [values.sum] }
        case .targetsUp: return reading(by: "upstream") { _, values in [values.sum, 1] }
        case .circuits: return reading(by: "upstream") { _, values in [values.sum >= 2 ? 1 : 0] }
        case .certificates:
            return reading(by: "name") { _, values in [(values.sum - Double(now) / 1000) / 86_400] }
        case .processor, .memory, .openFiles: return reading(by: nil) { _, values in [values.sum] }
        case .counter(let name), .gauge(let name):
            return Self.all(family, sumOf: name)
        }
    }

    /// Every series with its own labels. Of a histogram, its count or its sum.
    private static func all(_ family: MetricFamily, sumOf name: String) -> AlertReading {
        let order = family.description.labels.enumerated().sorted { $0.element < $1.element }
        let names = order.map(\.element)
        var reading = AlertReading()
        for (index, row) in family.labels.enumerated() {
            let values = family.values(at: index)
            let value: Double =
                family.description.kind != .histogram
                ? values.sum : name.hasSuffix("_sum") ? values.last ?? 0 : values.dropLast().sum
            reading.add([value], to: AlertLabels(sorted: names, order.map { row[$0.offset] }))
        }
        return reading
    }

    private static let unnamedRoutes: Set<String> = [
        MetricLabel.noRoute, MetricLabel.adminRoute, MetricLabel.reportsRoute, MetricLabel.other,
    ]
}

extension ArraySlice<Double> {
    fileprivate var sum: Double { self.reduce(0, +) }
}
