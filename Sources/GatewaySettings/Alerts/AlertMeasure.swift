/// What the gateway measures for alerts, over the window of the alert where that makes sense.
package enum AlertMeasure: String, CaseIterable, Sendable {
    /// The share of requests with a status of 500 or more, from 0 to 1.
    case errorRate = "error_rate"
    /// Requests per second.
    case requestRate = "request_rate"
    /// Seconds that half of the requests take at most, and so on. Accurate to a bucket of `metrics.buckets`.
    case p50, p90, p95, p99
    /// Seconds that requests take on average.
    case latencyAverage = "latency_avg"
    /// Requests in progress.
    case inFlight = "in_flight"
    /// Requests per second that the rate limiter rejects.
    case limitedRate = "limited_rate"
    /// The share of requests answered from the cache, of those that it looked up.
    case cacheHitRatio = "cache_hit_ratio"
    /// The share of an upstream's targets that are up.
    case upstreamUp = "upstream_up"
    /// 1 while the circuit of a target is open, otherwise 0.
    case circuitOpen = "circuit_open"
    /// Processor cores in use.
    case cpu
    /// Resident bytes.
    case memory
    case openFiles = "open_files"
    /// Days until a certificate expires, negative after that.
    case certificateDays = "certificate_days"
    /// Attempts to deliver to a webhook that failed in the window.
    case webhookFailures = "webhook_failures"

    /// The label of its series.
    package var label: String? {
        switch self {
        case .errorRate, .requestRate, .p50, .p90, .p95, .p99, .latencyAverage, .inFlight, .limitedRate,
            .cacheHitRatio:
            "route"
        case .upstreamUp, .circuitOpen: "upstream"
        case .certificateDays: "name"
        case .webhookFailures: "webhook"
        case .cpu, .memory, .openFiles: nil
        }
    }

    /// Whether it says little about few requests, so that `min_requests` applies.
    package var needsRequests: Bool {
        switch self {
        case .errorRate, .p50, .p90, .p95, .p99, .latencyAverage, .cacheHitRatio: true
        default: false
        }
    }

    package var unit: AlertUnit {
        switch self {
        case .errorRate, .cacheHitRatio, .upstreamUp: .ratio
        case .requestRate, .limitedRate: .perSecond
        case .p50, .p90, .p95, .p99, .latencyAverage: .seconds
        case .memory: .bytes
        case .cpu: .cores
        case .certificateDays: .days
        case .inFlight, .circuitOpen, .openFiles, .webhookFailures: .none
        }
    }
}
