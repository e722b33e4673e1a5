/// Conditions that someone must know of. Each has a page in `docs/runbooks`.
enum AlertRules {
    static let groups = [
        RuleFile.Group(name: "gateway-requests", rules: requests.map { .alert($0) }),
        RuleFile.Group(name: "gateway-upstreams", rules: upstreams.map { .alert($0) }),
        RuleFile.Group(name: "gateway-runtime", rules: runtime.map { .alert($0) }),
    ]

    /// The share of requests that may fail. A budget for 30 days that burns 14.4 times as fast is used up in two days, one
    /// that burns 6 times as fast in five.
    private static let budget = "0.001"

    /// Routes with fewer requests, less than one per minute, have no budget: one failure would fire.
    private static let isBusy = "gateway:http_requests:rate1h > 0.016"

    private static func burns(_ factor: String, long: String, short: String) -> String {
        ["gateway:http_errors:ratio_rate\(long)", "gateway:http_errors:ratio_rate\(short)"]
            .map { "\($0) > \(factor) * \(self.budget)" }
            .joined(separator: " and ") + " and \(self.isBusy)"
    }

    private static let requests: [RuleFile.Alert] = [
        .init(
            name: "GatewayErrorBudgetBurnsFast",
            expression: burns("14.4", long: "1h", short: "5m"),
            hold: "2m",
            severity: .critical,
            summary: "{{ $value | humanizePercentage }} of the requests to {{ $labels.route }} fail",
            description:
                "In the last hour and in the last 5 minutes more than 1.44 % of the requests were answered with a status "
                + "of 500 or more. At this rate the monthly budget of 0.1 % lasts two days."
        ),
        .init(
            name: "GatewayErrorBudgetBurnsSlowly",
            expression: burns("6", long: "6h", short: "30m"),
            hold: "15m",
            severity: .warning,
            summary: "{{ $value | humanizePercentage }} of the requests to {{ $labels.route }} fail",
            description:
                "In the last 6 hours and in the last 30 minutes more than 0.6 % of the requests were answered with a "
                + "status of 500 or more. At this rate the monthly budget of 0.1 % lasts five days."
        ),
        .init(
            name: "GatewayOverloaded",
            expression: "sum by (job, instance, route) (rate(gateway_errors_total{code=\"overloaded\"}[5m])) > 0.1",
            hold: "5m",
            severity: .warning,
            summary:
                "{{ $labels.instance }} refuses {{ $value | humanize }} requests per second to {{ $labels.route }}",
            description:
                "Requests get 503 overloaded: too many are in progress, wait for a connection, or memory is short."
        ),
    ]

    private static let upstreams: [RuleFile.Alert] = [
        .init(
            name: "GatewayTargetDown",
            expression: "gateway_upstream_target_up == 0",
            hold: "2m",
            severity: .warning,
            summary: "{{ $labels.target }} of {{ $labels.upstream }} is down for {{ $labels.instance }}",
            description: "The health checks of the target fail, so it gets no requests. The other targets serve them."
        ),
        .init(
            name: "GatewayUpstreamDown",
            expression: "max by (job, instance, upstream) (gateway_upstream_target_up) == 0",
            hold: "1m",
            severity: .critical,
            summary: "{{ $labels.upstream }} has no target that is up for {{ $labels.instance }}",
            description: "The health checks of all targets fail, so requests get 503 no_healthy_upstream."
        ),
        .init(
            name: "GatewayCircuitOpen",
            // A circuit that is open is half open for a moment whenever it tries a request.
            expression: "max_over_time(gateway_circuit_breaker_state[2m]) == 2",
            hold: "5m",
            severity: .warning,
            summary: "The circuit of {{ $labels.target }} of {{ $labels.upstream }} is open on {{ $labels.instance }}",
            description:
                "Too many requests to the target failed, so it gets none but a few that try whether it has recovered."
        ),
        .init(
            name: "GatewayRedisDown",
            expression: "gateway_redis_up == 0",
            hold: "2m",
            severity: .warning,
            summary: "{{ $labels.instance }} is not connected to Redis {{ $labels.node }}",
            description: "Limits and the shared tier of the cache do what redis.on_failure says."
        ),
    ]

    private static let runtime: [RuleFile.Alert] = [
        .init(
            name: "GatewayCertificateExpires",
            expression: expiry(days: 14),
            hold: "1h",
            severity: .warning,
            summary: "{{ $labels.name }} on {{ $labels.instance }} expires in {{ $value | humanizeDuration }}",
            description: "The certificate is valid for less than 14 days, so its renewal has failed or is not set up."
        ),
        .init(
            name: "GatewayCertificateExpiresSoon",
            expression: expiry(days: 3),
            hold: "10m",
            severity: .critical,
            summary: "{{ $labels.name }} on {{ $labels.instance }} expires in {{ $value | humanizeDuration }}",
            description: "The certificate is valid for less than 3 days. Then clients refuse to connect."
        ),
        .init(
            name: "GatewayReloadRefused",
            expression: "gateway_config_last_reload_successful == 0",
            hold: "5m",
            severity: .warning,
            summary: "{{ $labels.instance }} runs an old configuration, because the last one was refused",
            description: "The last configuration has errors, so the one before still runs. A restart would fail."
        ),
        .init(
            name: "GatewayLogLinesDropped",
            expression: "increase(gateway_log_lines_dropped_total[10m]) > 0",
            hold: "0m",
            severity: .warning,
            summary: "{{ $labels.instance }} lost {{ $value | humanize }} log lines in ten minutes",
            description: "Log lines could not be written: the disk is full or too slow, or the file may not be written."
        ),
        .init(
            name: "GatewayEventsDropped",
            expression: "sum by (job, instance, reason) (increase(gateway_events_dropped_total[10m])) > 0",
            hold: "0m",
            severity: .warning,
            summary:
                "{{ $labels.instance }} dropped {{ $value | humanize }} events in ten minutes ({{ $labels.reason }})",
            description: "More events happened than could be handed on, so webhooks and streams miss some."
        ),
        .init(
            name: "GatewayWebhookFails",
            expression: "sum by (job, instance, webhook) "
                + "(increase(gateway_webhook_deliveries_total{result=\"failed\"}[30m])) > 0",
            hold: "0m",
            severity: .warning,
            summary: "{{ $labels.instance }} gave up {{ $value | humanize }} deliveries to {{ $labels.webhook }}",
            description: "The receiver did not accept events in all tries, or refused them for good."
        ),
        .init(
            name: "GatewayFilesRunOut",
            expression: "gateway:process_open_fds:ratio > 0.8",
            hold: "5m",
            severity: .critical,
            summary: "{{ $labels.instance }} has {{ $value | humanizePercentage }} of its file descriptors open",
            description: "At the limit the gateway cannot accept connections or open any to targets."
        ),
        .init(
            name: "GatewayEventLoopsLate",
            expression: "gateway:event_loop_lag_seconds:p99_rate5m > 0.1",
            hold: "10m",
            severity: .warning,
            summary: "The event loops of {{ $labels.instance }} are {{ $value | humanizeDuration }} late",
            description: "Requests wait for their turn: the cores are full, or something blocks an event loop."
        ),
        .init(
            name: "GatewayEventLoopStalled",
            expression: "increase(gateway_event_loop_stalls_total[10m]) > 0",
            hold: "0m",
            severity: .critical,
            summary: "An event loop of {{ $labels.instance }} did not respond for 5 seconds",
            description: "All clients of the event loop waited. The log names the event loop."
        ),
    ]

    private static func expiry(days: Int) -> String {
        "gateway_tls_certificate_expiry_timestamp_seconds - time() < \(days) * 86400"
    }
}
