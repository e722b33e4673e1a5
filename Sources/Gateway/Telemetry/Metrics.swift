/// The registry of metrics. No label takes a value that a client can invent.
enum Metrics {
    /// The label value for an unknown method and for series over the limit.
    static let other = "_OTHER"
    /// The route label of requests that matched no route.
    static let noRoute = "_none"
    /// The route label of admin endpoints exposed on the traffic listeners.
    static let adminRoute = "_admin"
    /// The route label of the collector of browser reports.
    static let reportsRoute = "_csp_reports"

    // MARK: Requests

    static let requests = MetricDescription(
        "gateway_http_requests_total",
        .counter,
        help: "Requests answered.",
        labels: ["route", "method", "code"]
    )
    static let requestDuration = MetricDescription(
        "gateway_http_request_duration_seconds",
        .histogram,
        help: "Time from the first byte of a request to the last byte of its response.",
        labels: ["route", "method"],
        unit: .seconds
    )
    static let responseFirstByte = MetricDescription(
        "gateway_http_response_first_byte_seconds",
        .histogram,
        help: "Time from the first byte of a request to the first byte of its response.",
        labels: ["route"],
        unit: .seconds
    )
    static let requestsInFlight = MetricDescription(
        "gateway_http_requests_in_flight",
        .gauge(.sum),
        help: "Requests in progress.",
        labels: ["route"]
    )
    static let receivedBytes = MetricDescription(
        "gateway_http_received_bytes_total",
        .counter,
        help: "Bytes of heads and bodies read from clients.",
        labels: ["route"],
        unit: .bytes
    )
    static let sentBytes = MetricDescription(
        "gateway_http_sent_bytes_total",
        .counter,
        help: "Bytes of heads and bodies written to clients.",
        labels: ["route"],
        unit: .bytes
    )
    static let errors = MetricDescription(
        "gateway_errors_total",
        .counter,
        help: "Errors by the code in their body.",
        labels: ["route", "code"]
    )
    static let timeouts = MetricDescription(
        "gateway_timeouts_total",
        .counter,
        help: "Missed deadlines by phase: header, queue, connect, first_byte, idle, total, write.",
        labels: ["route", "phase"]
    )
    static let requestIDsReplaced = MetricDescription(
        "gateway_request_ids_replaced_total",
        .counter,
        help: "Request IDs from clients that were replaced."
    )

    // MARK: Upstreams

    static let upstreamRequests = MetricDescription(
        "gateway_upstream_requests_total",
        .counter,
        help: "Requests answered by a target.",
        labels: ["upstream", "target", "code"]
    )
    static let upstreamRequestDuration = MetricDescription(
        "gateway_upstream_request_duration_seconds",
        .histogram,
        help: "Time from sending a request to a target to the last byte of its response.",
        labels: ["upstream", "target"],
        unit: .seconds
    )
    static let upstreamConnections = MetricDescription(
        "gateway_upstream_connections",
        .gauge(.sum),
        help: "Open connections to a target by state: active, idle.",
        labels: ["upstream", "target", "state"]
    )
    static let upstreamConnects = MetricDescription(
        "gateway_upstream_connects_total",
        .counter,
        help: "Attempts to connect to a target by result: ok, refused, timeout, error.",
        labels: ["upstream", "target", "result"]
    )
    static let upstreamTargetUp = MetricDescription(
        "gateway_upstream_target_up",
        .gauge(.minimum),
        help: "1 while a target is up, else 0.",
        labels: ["upstream", "target"]
    )
    static let upstreamRetries = MetricDescription(
        "gateway_upstream_retries_total",
        .counter,
        help: "Requests that were sent again.",
        labels: ["upstream", "reason"]
    )
    static let upstreamQueue = MetricDescription(
        "gateway_upstream_queue_seconds",
        .histogram,
        help: "Time a request waited for a connection.",
        labels: ["upstream"],
        unit: .seconds
    )

    // MARK: Middlewares

    static let rateLimitDecisions = MetricDescription(
        "gateway_rate_limit_decisions_total",
        .counter,
        help: "Decisions of the rate limiter: allowed, limited, shadow_limited.",
        labels: ["route", "decision"]
    )
    static let rateLimitKeys = MetricDescription(
        "gateway_rate_limit_keys",
        .gauge(.maximum),
        help: "Keys tracked by the rate limiters."
    )
    static let compressionBytes = MetricDescription(
        "gateway_compression_bytes_total",
        .counter,
        help: "Bytes before (in) and after (out) compression.",
        labels: ["route", "encoding", "direction"],
        unit: .bytes
    )
    static let etagNotModified = MetricDescription(
        "gateway_etag_not_modified_total",
        .counter,
        help: "Responses the gateway turned into 304.",
        labels: ["route"]
    )
    static let cspReports = MetricDescription(
        "gateway_csp_reports_total",
        .counter,
        help: "Content Security Policy reports from browsers.",
        labels: ["directive", "disposition"]
    )

    // MARK: Client connections

    static let clientConnections = MetricDescription(
        "gateway_client_connections",
        .gauge(.sum),
        help: "Open client connections by state: active, idle.",
        labels: ["listener", "state"]
    )
    static let clientConnectionsAccepted = MetricDescription(
        "gateway_client_connections_accepted_total",
        .counter,
        help: "Client connections accepted.",
        labels: ["listener"]
    )

    // MARK: The gateway itself

    static let configReloads = MetricDescription(
        "gateway_config_reloads_total",
        .counter,
        help: "Configuration reloads by result: ok, error.",
        labels: ["result"]
    )
    static let configLastSuccess = MetricDescription(
        "gateway_config_last_success_timestamp_seconds",
        .gauge(.maximum),
        help: "Time at which a configuration was last applied, at start or by a reload.",
        unit: .seconds
    )
    static let buildInfo = MetricDescription(
        "gateway_build_info",
        .gauge(.maximum),
        help: "Version of the gateway and of its compiler; always 1.",
        labels: ["version", "swift"]
    )
    static let logLinesDropped = MetricDescription(
        "gateway_log_lines_dropped_total",
        .counter,
        help: "Log lines that could not be written."
    )
    static let seriesDropped = MetricDescription(
        "gateway_metric_series_dropped_total",
        .counter,
        help: "Label sets counted under _OTHER because their metric reached metrics.series_limit.",
        labels: ["metric"]
    )

    // MARK: Process

    static let processCPU = MetricDescription(
        "process_cpu_seconds_total",
        .counter,
        help: "User and system CPU time of the process.",
        unit: .seconds
    )
    static let processResidentMemory = MetricDescription(
        "process_resident_memory_bytes",
        .gauge(.maximum),
        help: "Resident memory.",
        unit: .bytes
    )
    static let processOpenFiles = MetricDescription(
        "process_open_fds",
        .gauge(.maximum),
        help: "Open file descriptors."
    )
    static let processMaximumFiles = MetricDescription(
        "process_max_fds",
        .gauge(.maximum),
        help: "Maximum number of open file descriptors."
    )
    static let processStartTime = MetricDescription(
        "process_start_time_seconds",
        .gauge(.maximum),
        help: "Start time of the process, in seconds since 1970.",
        unit: .seconds
    )

    // MARK: The registry

    /// Every metric, grouped and ordered as in `docs/metrics.md`.
    static let groups: [(title: String, metrics: [MetricDescription])] = [
        (
            "Requests",
            [
                requests, requestDuration, responseFirstByte, requestsInFlight, receivedBytes, sentBytes,
                errors, timeouts, requestIDsReplaced,
            ]
        ),
        (
            "Upstreams",
            [
                upstreamRequests, upstreamRequestDuration, upstreamConnections, upstreamConnects,
                upstreamTargetUp, upstreamRetries, upstreamQueue,
            ]
        ),
        (
            "Middlewares",
            [
                rateLimitDecisions, rateLimitKeys, compressionBytes, etagNotModified, cspReports,
            ]
        ),
        (
            "Client connections",
            [
                clientConnections, clientConnectionsAccepted,
            ]
        ),
        (
            "The gateway itself",
            [
                configReloads, configLastSuccess, buildInfo, logLinesDropped, seriesDropped,
            ]
        ),
        (
            "Process",
            [
                processCPU, processResidentMemory, processOpenFiles, processMaximumFiles, processStartTime,
            ]
        ),
    ]

    static var all: [MetricDescription] { self.groups.flatMap(\.metrics) }
}
