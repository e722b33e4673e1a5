/// The metrics that the conditions of alerts may name.
package struct AlertMetrics: Hashable, Sendable {
    /// Middlewares that are not part of the gateway, whose metrics are not known before they count.
    private let furtherMiddlewares: [String]
    /// Whether middlewares may follow that are not known yet.
    private let allowsFurther: Bool

    package init(middlewares: [String] = [], allowsFurther: Bool = false) {
        self.furtherMiddlewares = middlewares.filter { name in
            !Self.known.keys.contains { $0.hasPrefix("gateway_\(name)_") }
        }
        self.allowsFurther = allowsFurther
    }

    /// What the name of a metric means in a condition.
    enum Meaning: Equatable {
        /// A counter or a gauge.
        case metric
        case histogram
        case unknown(nearest: String?)
    }

    func meaning(of name: String) -> Meaning {
        if let metric = Self.known[name] { return metric.kind == .histogram ? .histogram : .metric }
        if Self.histogram(of: name) != nil { return .metric }
        let names = AlertMeasure.allCases.map(\.rawValue) + AlertNumber.Join.allCases.map(\.rawValue)
        let known = Self.known.filter { $0.value.kind != .histogram }.keys
        let nearest = NearestName.of(name, among: names) ?? NearestName.of(name, among: known)
        let isFurther = self.furtherMiddlewares.contains { name.hasPrefix("gateway_\($0)_") }
        return isFurther || self.allowsFurther && nearest == nil && name.hasPrefix("gateway_")
            ? .metric : .unknown(nearest: nearest)
    }

    /// The labels of a series; nil if they are not known before the evaluation.
    package func labels(of source: AlertSeries.Source) -> [String]? {
        switch source {
        case .measure(let measure): measure.label.map { [$0] } ?? []
        case .metric(let name): (Self.known[name] ?? Self.histogram(of: name))?.labels
        }
    }

    /// Whether a metric only grows, so that its rate counts. Those of further middlewares end in `_total` if they do.
    package static func isCounter(_ name: String) -> Bool {
        if let metric = self.known[name] { return metric.kind != .gauge }
        return name.hasSuffix("_total") || self.histogram(of: name) != nil
    }

    /// The histogram whose `_count` or `_sum` this is.
    private static func histogram(of name: String) -> Metric? {
        for ending in ["_count", "_sum"] where name.hasSuffix(ending) {
            if let metric = self.known[String(name.dropLast(ending.count))], metric.kind == .histogram { return metric }
        }
        return nil
    }

    // MARK: The metrics of the gateway

    package struct Metric: Sendable {
        package let kind: Kind
        package let labels: [String]

        package enum Kind: Sendable {
            case counter, gauge, histogram
        }

        fileprivate init(_ kind: Kind, _ labels: String...) {
            self.kind = kind
            self.labels = labels
        }
    }

    /// By name. Each is declared by the type that counts it, in targets that this one does not know; a test compares them.
    package static let known: [String: Metric] = [
        "gateway_http_requests_total": Metric(.counter, "route", "method", "code"),
        "gateway_http_request_duration_seconds": Metric(.histogram, "route", "method"),
        "gateway_http_response_first_byte_seconds": Metric(.histogram, "route"),
        "gateway_http_requests_in_flight": Metric(.gauge, "route"),
        "gateway_http_received_bytes_total": Metric(.counter, "route"),
        "gateway_http_sent_bytes_total": Metric(.counter, "route"),
        "gateway_errors_total": Metric(.counter, "route", "code"),
        "gateway_timeouts_total": Metric(.counter, "route", "phase"),
        "gateway_grpc_requests_total": Metric(.counter, "route", "grpc_status"),
        "gateway_request_ids_replaced_total": Metric(.counter),
        "gateway_upstream_requests_total": Metric(.counter, "upstream", "target", "code"),
        "gateway_upstream_request_duration_seconds": Metric(.histogram, "upstream", "target"),
        "gateway_upstream_connections": Metric(.gauge, "upstream", "target", "state"),
        "gateway_upstream_connects_total": Metric(.counter, "upstream", "target", "result"),
        "gateway_upstream_target_up": Metric(.gauge, "upstream", "target"),
        "gateway_upstream_retries_total": Metric(.counter, "upstream", "reason"),
        "gateway_upstream_queue_seconds": Metric(.histogram, "upstream"),
        "gateway_circuit_breaker_state": Metric(.gauge, "upstream", "target"),
        "gateway_circuit_breaker_transitions_total": Metric(.counter, "upstream", "target", "to"),
        "gateway_upstream_health_checks_total": Metric(.counter, "upstream", "target", "result"),
        "gateway_rate_limit_decisions_total": Metric(.counter, "route", "decision"),
        "gateway_rate_limit_keys": Metric(.gauge),
        "gateway_auth_total": Metric(.counter, "route", "kind", "result"),
        "gateway_consumer_requests_total": Metric(.counter, "consumer", "code_class"),
        "gateway_compression_bytes_total": Metric(.counter, "route", "encoding", "direction"),
        "gateway_cache_requests_total": Metric(.counter, "route", "result"),
        "gateway_cache_tier_requests_total": Metric(.counter, "tier", "result"),
        "gateway_cache_bytes": Metric(.gauge),
        "gateway_cache_objects": Metric(.gauge),
        "gateway_cache_evictions_total": Metric(.counter, "reason"),
        "gateway_cache_purges_total": Metric(.counter),
        "gateway_cache_warm_requests_total": Metric(.counter, "route", "result"),
        "gateway_etag_not_modified_total": Metric(.counter, "route"),
        "gateway_csp_reports_total": Metric(.counter, "directive", "disposition"),
        "gateway_mirror_requests_total": Metric(.counter, "upstream", "result"),
        "gateway_redis_up": Metric(.gauge, "node"),
        "gateway_redis_commands_total": Metric(.counter, "command", "result"),
        "gateway_redis_command_duration_seconds": Metric(.histogram, "command"),
        "gateway_websocket_connections": Metric(.gauge, "route"),
        "gateway_websocket_handshakes_total": Metric(.counter, "route", "result"),
        "gateway_websocket_messages_total": Metric(.counter, "route", "direction"),
        "gateway_websocket_bytes_total": Metric(.counter, "route", "direction"),
        "gateway_websocket_closed_total": Metric(.counter, "route", "code"),
        "gateway_events_total": Metric(.counter, "topic"),
        "gateway_events_dropped_total": Metric(.counter, "reason"),
        "gateway_webhook_deliveries_total": Metric(.counter, "webhook", "result"),
        "gateway_webhook_delivery_duration_seconds": Metric(.histogram, "webhook"),
        "gateway_webhook_pending": Metric(.gauge, "webhook"),
        "gateway_sentry_events_total": Metric(.counter, "result"),
        "gateway_event_stream_clients": Metric(.gauge, "kind"),
        "gateway_event_stream_messages_total": Metric(.counter, "kind", "result"),
        "gateway_event_store_errors_total": Metric(.counter, "kind"),
        "gateway_alerts_firing": Metric(.gauge, "alert", "severity"),
        "gateway_alert_evaluation_failures_total": Metric(.counter, "reason"),
        "gateway_alert_evaluation_duration_seconds": Metric(.gauge),
        "gateway_trace_spans_total": Metric(.counter, "result"),
        "gateway_client_connections": Metric(.gauge, "listener", "state"),
        "gateway_client_connections_accepted_total": Metric(.counter, "listener"),
        "gateway_proxy_protocol_headers_total": Metric(.counter, "listener", "result"),
        "gateway_tls_handshakes_total": Metric(.counter, "listener", "version", "result"),
        "gateway_tls_certificate_expiry_timestamp_seconds": Metric(.gauge, "name"),
        "gateway_http2_floods_total": Metric(.counter, "kind"),
        "gateway_config_reloads_total": Metric(.counter, "result"),
        "gateway_config_last_reload_successful": Metric(.gauge),
        "gateway_config_last_success_timestamp_seconds": Metric(.gauge),
        "gateway_build_info": Metric(.gauge, "version", "swift"),
        "gateway_log_lines_dropped_total": Metric(.counter),
        "gateway_metric_series_dropped_total": Metric(.counter, "metric"),
        "gateway_event_loop_lag_seconds": Metric(.histogram, "worker"),
        "gateway_event_loop_stalls_total": Metric(.counter),
        "process_cpu_seconds_total": Metric(.counter),
        "process_resident_memory_bytes": Metric(.gauge),
        "process_open_fds": Metric(.gauge),
        "process_max_fds": Metric(.gauge),
        "process_start_time_seconds": Metric(.gauge),
    ]
}
