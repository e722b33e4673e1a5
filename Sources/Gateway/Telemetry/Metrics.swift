/// Every metric that the gateway has, in one list. Nothing that a client can make up is a label.
enum Metrics {
    /// The label value of what is not told apart: an unknown method, a series over the limit.
    static let other = "_OTHER"
    /// The label value of what no route took.
    static let noRoute = "_none"
    /// The label value of admin endpoints on the listeners for traffic.
    static let adminRoute = "_admin"
    /// The route of what takes browsers' reports.
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
        help: "Time from a request's first byte in to its answer's last byte out.",
        labels: ["route", "method"],
        unit: .seconds
    )
    static let responseFirstByte = MetricDescription(
        "gateway_http_response_first_byte_seconds",
        .histogram,
        help: "Time from a request's first byte in to its answer's first byte out.",
        labels: ["route"],
        unit: .seconds
    )
    static let requestsInFlight = MetricDescription(
        "gateway_http_requests_in_flight",
        .gauge(.sum),
        help: "Requests that are being answered.",
        labels: ["route"]
    )
    static let receivedBytes = MetricDescription(
        "gateway_http_received_bytes_total",
        .counter,
        help: "Bytes of heads and bodies read from clients, before TLS.",
        labels: ["route"],
        unit: .bytes
    )
    static let sentBytes = MetricDescription(
        "gateway_http_sent_bytes_total",
        .counter,
        help: "Bytes of heads and bodies written to clients, before TLS.",
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
        help: "Deadlines that were missed.",
        labels: ["route", "phase"]
    )
    static let requestIDsReplaced = MetricDescription(
        "gateway_request_ids_replaced_total",
        .counter,
        help: "Request IDs of clients that were not valid and got another."
    )

    // MARK: Upstreams

    static let upstreamRequests = MetricDescription(
        "gateway_upstream_requests_total",
        .counter,
        help: "Requests that a target answered.",
        labels: ["upstream", "target", "code"]
    )
    static let upstreamRequestDuration = MetricDescription(
        "gateway_upstream_request_duration_seconds",
        .histogram,
        help: "Time from a request sent to a target to the last byte of its answer.",
        labels: ["upstream", "target"],
        unit: .seconds
    )
    static let upstreamConnections = MetricDescription(
        "gateway_upstream_connections",
        .gauge(.sum),
        help: "Open connections to a target.",
        labels: ["upstream", "target", "state"]
    )
    static let upstreamConnects = MetricDescription(
        "gateway_upstream_connects_total",
        .counter,
        help: "Attempts to connect to a target.",
        labels: ["upstream", "target", "result"]
    )
    static let upstreamTargetUp = MetricDescription(
        "gateway_upstream_target_up",
        .gauge(.minimum),
        help: "1 while a target is healthy, else 0.",
        labels: ["upstream", "target"]
    )
    static let upstreamRetries = MetricDescription(
        "gateway_upstream_retries_total",
        .counter,
        help: "Requests sent once more.",
        labels: ["upstream", "reason"]
    )
    static let upstreamHealthChecks = MetricDescription(
        "gateway_upstream_health_checks_total",
        .counter,
        help: "Active health checks.",
        labels: ["upstream", "target", "result"]
    )
    static let upstreamQueue = MetricDescription(
        "gateway_upstream_queue_seconds",
        .histogram,
        help: "Time that a request waited for a connection.",
        labels: ["upstream"],
        unit: .seconds
    )
    static let circuitBreakerState = MetricDescription(
        "gateway_circuit_breaker_state",
        .gauge(.maximum),
        help: "State of a target's circuit breaker: 0 closed, 1 half open, 2 open.",
        labels: ["upstream", "target"]
    )

    // MARK: Middlewares

    static let rateLimitDecisions = MetricDescription(
        "gateway_rate_limit_decisions_total",
        .counter,
        help: "Decisions of the rate limiter.",
        labels: ["route", "decision"]
    )
    static let rateLimitKeys = MetricDescription(
        "gateway_rate_limit_keys",
        .gauge(.maximum),
        help: "Keys that the rate limiters track."
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
        help: "Answers replaced by 304 on the gateway's own tag.",
        labels: ["route"]
    )
    static let cacheRequests = MetricDescription(
        "gateway_cache_requests_total",
        .counter,
        help: "Requests by what the cache had for them.",
        labels: ["route", "result"]
    )
    static let cacheBytes = MetricDescription(
        "gateway_cache_bytes",
        .gauge(.maximum),
        help: "Bytes that the cache holds.",
        unit: .bytes
    )
    static let cacheObjects = MetricDescription(
        "gateway_cache_objects",
        .gauge(.maximum),
        help: "Objects that the cache holds."
    )
    static let cacheEvictions = MetricDescription(
        "gateway_cache_evictions_total",
        .counter,
        help: "Objects removed to make room."
    )
    static let cspReports = MetricDescription(
        "gateway_csp_reports_total",
        .counter,
        help: "Content security policy reports of browsers.",
        labels: ["directive", "disposition"]
    )
    static let websocketConnections = MetricDescription(
        "gateway_websocket_connections",
        .gauge(.sum),
        help: "Open WebSocket connections.",
        labels: ["route"]
    )
    static let websocketMessages = MetricDescription(
        "gateway_websocket_messages_total",
        .counter,
        help: "WebSocket messages passed on.",
        labels: ["route", "direction"]
    )

    // MARK: Client connections

    static let clientConnections = MetricDescription(
        "gateway_client_connections",
        .gauge(.sum),
        help: "Open connections of clients.",
        labels: ["listener", "state"]
    )
    static let clientConnectionsTotal = MetricDescription(
        "gateway_client_connections_total",
        .counter,
        help: "Connections accepted.",
        labels: ["listener"]
    )
    static let tlsHandshakes = MetricDescription(
        "gateway_tls_handshakes_total",
        .counter,
        help: "TLS handshakes.",
        labels: ["listener", "version", "result"]
    )
    static let tlsCertificateExpiry = MetricDescription(
        "gateway_tls_certificate_expiry_timestamp_seconds",
        .gauge(.minimum),
        help: "When a certificate expires.",
        labels: ["name"],
        unit: .seconds
    )

    // MARK: Events

    static let events = MetricDescription(
        "gateway_events_total",
        .counter,
        help: "Events published.",
        labels: ["topic"]
    )
    static let eventsDropped = MetricDescription(
        "gateway_events_dropped_total",
        .counter,
        help: "Events dropped from a full queue."
    )
    static let webhookDeliveries = MetricDescription(
        "gateway_webhook_deliveries_total",
        .counter,
        help: "Webhook deliveries.",
        labels: ["webhook", "result"]
    )

    // MARK: The gateway itself

    static let configReloads = MetricDescription(
        "gateway_config_reloads_total",
        .counter,
        help: "Reloads of the configuration.",
        labels: ["result"]
    )
    static let configLastSuccess = MetricDescription(
        "gateway_config_last_success_timestamp_seconds",
        .gauge(.maximum),
        help: "When a configuration was last taken.",
        unit: .seconds
    )
    static let buildInfo = MetricDescription(
        "gateway_build_info",
        .gauge(.maximum),
        help: "The version of the gateway and of its compiler; always 1.",
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
        help: "Label sets that were counted under _OTHER, since their metric had all its series.",
        labels: ["metric"]
    )

    // MARK: Process

    static let processCPU = MetricDescription(
        "process_cpu_seconds_total",
        .counter,
        help: "Processor time of the process, user and system.",
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
        help: "How many file descriptors may be open."
    )
    static let processStartTime = MetricDescription(
        "process_start_time_seconds",
        .gauge(.maximum),
        help: "When the process started.",
        unit: .seconds
    )
}
