import Testing

@testable import Gateway
@testable import GatewayCore

struct MetricsTests {
    @Test(arguments: MetricCatalog.all) func `each name shows the kind and unit of the metric`(
        metric: GatewayCore.MetricDescription
    ) {
        #expect(metric.name.hasPrefix("gateway_") || metric.name.hasPrefix("process_"))
        #expect(metric.name.hasSuffix("_total") == (metric.kind == .counter))
        if let unit = metric.unit {
            let suffix = metric.kind == .counter ? "_\(unit.rawValue)_total" : "_\(unit.rawValue)"
            #expect(metric.name.hasSuffix(suffix))
        }
        #expect(metric.help.hasSuffix("."))
    }

    /// The names and labels that dashboards and alerts rely on.
    private static let promised = """
        gateway_http_requests_total{route,method,code} gateway_http_request_duration_seconds{route,method}
        gateway_http_response_first_byte_seconds{route} gateway_http_requests_in_flight{route}
        gateway_http_received_bytes_total{route} gateway_http_sent_bytes_total{route} gateway_errors_total{route,code}
        gateway_grpc_requests_total{route,grpc_status}
        gateway_upstream_requests_total{upstream,target,code} gateway_upstream_request_duration_seconds{upstream,target}
        gateway_upstream_connections{upstream,target,state} gateway_upstream_connects_total{upstream,target,result}
        gateway_upstream_target_up{upstream,target} gateway_upstream_retries_total{upstream,reason}
        gateway_upstream_health_checks_total{upstream,target,result} gateway_mirror_requests_total{upstream,result}
        gateway_circuit_breaker_state{upstream,target} gateway_circuit_breaker_transitions_total{upstream,target,to}
        gateway_auth_total{route,kind,result} gateway_consumer_requests_total{consumer,code_class}
        gateway_rate_limit_decisions_total{route,decision} gateway_rate_limit_keys gateway_timeouts_total{route,phase}
        gateway_compression_bytes_total{route,encoding,direction} gateway_etag_not_modified_total{route}
        gateway_csp_reports_total{directive,disposition}
        gateway_cache_requests_total{route,result} gateway_cache_tier_requests_total{tier,result}
        gateway_cache_warm_requests_total{route,result} gateway_cache_purges_total gateway_cache_evictions_total{reason}
        gateway_cache_bytes gateway_cache_objects
        gateway_redis_up{node} gateway_redis_commands_total{command,result}
        gateway_redis_command_duration_seconds{command}
        gateway_webhook_deliveries_total{webhook,result} gateway_webhook_delivery_duration_seconds{webhook}
        gateway_webhook_pending{webhook} gateway_event_store_errors_total{kind}
        gateway_event_stream_clients{kind} gateway_event_stream_messages_total{kind,result}
        gateway_alerts_firing{alert,severity} gateway_alert_evaluation_failures_total{reason}
        gateway_alert_evaluation_duration_seconds
        gateway_sentry_events_total{result} gateway_trace_spans_total{result}
        gateway_client_connections{listener,state}
        gateway_client_connections_accepted_total{listener} gateway_proxy_protocol_headers_total{listener,result}
        gateway_websocket_connections{route} gateway_websocket_handshakes_total{route,result}
        gateway_websocket_messages_total{route,direction} gateway_websocket_bytes_total{route,direction}
        gateway_websocket_closed_total{route,code} gateway_http2_floods_total{kind}
        gateway_tls_handshakes_total{listener,version,result} gateway_tls_certificate_expiry_timestamp_seconds{name}
        gateway_config_reloads_total{result} gateway_config_last_reload_successful
        gateway_config_last_success_timestamp_seconds
        gateway_build_info{version,swift} gateway_upstream_queue_seconds{upstream} gateway_log_lines_dropped_total
        gateway_metric_series_dropped_total{metric} gateway_request_ids_replaced_total
        gateway_event_loop_lag_seconds{worker} gateway_event_loop_stalls_total
        gateway_events_total{topic} gateway_events_dropped_total{reason}
        process_cpu_seconds_total process_resident_memory_bytes
        process_open_fds process_max_fds process_start_time_seconds
        """

    @Test func `the documented names and labels exist`() {
        let promised = Set(Self.promised.split { $0 == " " || $0 == "\n" }.map(String.init))
        let own = MetricCatalog.all.map { metric in
            metric.name + (metric.labels.isEmpty ? "" : "{\(metric.labels.joined(separator: ","))}")
        }
        #expect(promised.symmetricDifference(own) == [])
    }

    @Test func `names are unique`() {
        #expect(Set(MetricCatalog.all.map(\.name)).count == MetricCatalog.all.count)
    }

    @Test func `the figures of the process are read`() {
        let values = Dictionary(
            uniqueKeysWithValues: ProcessMetrics.families().map { ($0.description.name, $0.values[0]) }
        )
        #expect(values["process_cpu_seconds_total", default: 0] > 0)
        #expect(values["process_max_fds", default: 0] > 3)
        #if os(Linux)
            #expect(values["process_open_fds", default: 0] >= 3)
            #expect(values["process_resident_memory_bytes", default: 0] > 100_000)
            #expect(values["process_start_time_seconds", default: 0] > 1_000_000_000)
        #endif
    }

    @Test func `the fields of a process are found even if its name looks like fields`() throws {
        let stat = "7 (a) R 1 (b c) S 1 7 7 0 -1 4194304 1 2 3 4 50 60 0 0 20 0 1 0 12345 99999 678 1844674\n"
        let status = try #require(ProcessStatus(stat))
        #expect(status.startTicks == 12345)
        #expect(status.residentPages == 678)
        #expect(ProcessStatus("") == nil)
        #expect(ProcessStatus("7 (a) S 1") == nil)
        #expect(ProcessMetrics.bootSecond("cpu 1 2\nbtime 1700000000\nprocesses 3\n") == 1_700_000_000)
    }
}
