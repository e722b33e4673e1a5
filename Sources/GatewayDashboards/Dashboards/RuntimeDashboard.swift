extension Dashboard {
    /// The gateway itself: CPU, memory, files, event loops, connections, TLS, Redis, reloads.
    static let runtime = Dashboard(
        name: "runtime",
        title: "Runtime",
        description: "The gateway itself: CPU, memory, files, event loops, connections and TLS.",
        variables: [instance, hiddenRoute],
        sections: [
            Section("Now", instances, uptime, processorsNow, memoryNow, filesNow, stallsNow),
            Section("Process", processors, memory, files, versions),
            Section("Event loops", lag, lagOfLoops, stalls),
            Section("Connections", connections, accepted, webSockets, webSocketTraffic, proxyHeaders, floods),
            Section("TLS", handshakes, failedHandshakes, certificates),
            Section("Redis", redisUp, redisCommands, redisDurations),
            Section("Configuration and log", reloads, isCurrent, lost),
        ]
    )

    private static let lagSeconds = "gateway_event_loop_lag_seconds"
    private static let handshakesTotal = "gateway_tls_handshakes_total"
    private static let redisDuration = "gateway_redis_command_duration_seconds"
    private static let unknown = "Unknown"

    /// A metric of the process, of the chosen gateways.
    private static func process(_ metric: String) -> String { PromQL.ofGateways("\(metric){\(PromQL.instances)}") }

    // MARK: Now

    private static let instances = Panel(
        "Instances",
        .number,
        unit: "short",
        width: 4,
        description: "Gateways that are scraped.",
        noValue: "None",
        .init("Instances", "count(gateway_build_info{\(PromQL.instances)})")
    )

    private static let uptime = Panel(
        "Shortest uptime",
        .number,
        unit: "s",
        width: 4,
        description: "Since the last start of any instance.",
        noValue: unknown,
        .init("Uptime", "min(time() - (\(process("process_start_time_seconds"))))")
    )

    private static let processorsNow = Panel(
        "CPU",
        .number,
        unit: "short",
        width: 4,
        description: "Cores in use by all instances.",
        noValue: unknown,
        .init("Cores", "sum(\(processorRate))")
    )

    private static let processorRate = PromQL.ofGateways(
        "rate(process_cpu_seconds_total{\(PromQL.instances)}[\(PromQL.interval)])"
    )

    private static let memoryNow = Panel(
        "Memory",
        .number,
        unit: "bytes",
        width: 4,
        description: "Resident memory of all instances.",
        noValue: unknown,
        .init("Memory", "sum(\(process("process_resident_memory_bytes")))")
    )

    private static let filesNow = Panel(
        "Open files",
        .number,
        unit: "percentunit",
        width: 4,
        description:
            "Share of the file descriptors that the fullest instance may open. At the limit it accepts no connections.",
        noValue: unknown,
        .init("Files", "max(\(fileShare))")
    ).warning(from: 0.7, critical: 0.9).maximum(1)

    private static let fileShare = PromQL.ofGateways(
        "process_open_fds{\(PromQL.instances)} / process_max_fds{\(PromQL.instances)}"
    )

    private static let stallsNow = Panel(
        "Stalls in the last hour",
        .number,
        unit: "short",
        width: 4,
        description: "How often an event loop did not respond for 5 seconds. Its clients waited as long.",
        noValue: unknown,
        .init("Stalls", "sum(increase(gateway_event_loop_stalls_total{\(PromQL.instances)}[1h]))")
    ).warning(from: 1, critical: 2)

    // MARK: Process

    private static let processors = Panel(
        "CPU",
        .lines,
        unit: "short",
        width: 8,
        description: "Cores in use.",
        noValue: unknown,
        .init("{{instance}}", processorRate)
    )

    private static let memory = Panel(
        "Memory",
        .lines,
        unit: "bytes",
        width: 8,
        description: "Resident memory. It levels off; growth without end is worth a report.",
        noValue: unknown,
        .init("{{instance}}", process("process_resident_memory_bytes"))
    )

    private static let files = Panel(
        "Open files",
        .lines,
        unit: "percentunit",
        width: 8,
        description: "Share of the file descriptors that may be open. A connection needs one, a proxied request two.",
        noValue: unknown,
        .init("{{instance}}", fileShare)
    ).warning(from: 0.7, critical: 0.9)

    private static let versions = Panel(
        "Versions",
        .table,
        unit: "short",
        width: 24,
        height: 5,
        description: "What each instance runs, and since when.",
        noValue: "None",
        .init(
            "Started",
            "(time() - process_start_time_seconds) * on (job, instance) group_right gateway_build_info{\(PromQL.instances)}"
        )
    ).columns(("Started", "s"))

    // MARK: Event loops

    private static let lag = Panel(
        "Lag",
        .lines,
        unit: "s",
        description: "How late event loops run a task: the time that a request waits for its turn.",
        noValue: unknown,
        .init("p99", PromQL.quantile("0.99", lagSeconds, where: PromQL.instances)),
        .init("p50", PromQL.quantile("0.5", lagSeconds, where: PromQL.instances)),
        .init("Mean", PromQL.mean(lagSeconds, where: PromQL.instances))
    )

    private static let lagOfLoops = Panel(
        "p99 of the lag by event loop",
        .lines,
        unit: "s",
        description: "One loop that is later than the others has the busiest connections, or something blocks it.",
        noValue: unknown,
        .init(
            "{{instance}} {{worker}}",
            PromQL.quantile("0.99", lagSeconds, by: ["instance", "worker"], where: PromQL.instances)
        )
    )

    private static let stalls = Panel(
        "Stalls",
        .lines,
        unit: "short",
        width: 24,
        height: 5,
        description: "How often an event loop did not respond for 5 seconds, per minute.",
        noValue: unknown,
        .init(
            "{{instance}}",
            "60 * \(PromQL.rate("gateway_event_loop_stalls_total", by: ["instance"], where: PromQL.instances))"
        )
    )

    // MARK: Connections

    private static let connections = Panel(
        "Client connections",
        .areas,
        unit: "short",
        description: "Open connections by listener and state.",
        noValue: "No listeners",
        .init(
            "{{listener}} {{state}}",
            "sum by (listener, state) (gateway_client_connections{\(PromQL.instances)})"
        )
    )

    private static let accepted = Panel(
        "Accepted connections",
        .lines,
        unit: "ops",
        description: "New connections per second. Many for few requests: clients do not keep connections open.",
        noValue: "No listeners",
        .init(
            "{{listener}}",
            PromQL.rate("gateway_client_connections_accepted_total", by: ["listener"], where: PromQL.instances)
        )
    )

    private static let webSockets = Panel(
        "Open WebSockets by route",
        .areas,
        unit: "short",
        description: "Each keeps a connection on both sides.",
        noValue: "No WebSockets",
        .init("{{route}}", "sum by (route) (gateway_websocket_connections{\(PromQL.instances)})")
    )

    private static let webSocketTraffic = Panel(
        "Messages of WebSockets",
        .lines,
        unit: "ops",
        description: "Messages per second from clients (in) and to them (out), and handshakes.",
        noValue: "No WebSockets",
        .init(
            "{{direction}}",
            PromQL.rate("gateway_websocket_messages_total", by: ["direction"], where: PromQL.instances)
        ),
        .init(
            "{{result}} handshakes",
            PromQL.rate("gateway_websocket_handshakes_total", by: ["result"], where: PromQL.instances)
        )
    )

    private static let proxyHeaders = Panel(
        "PROXY headers by result",
        .lines,
        unit: "ops",
        description:
            "Connections of load balancers that announce their client. malformed: the other side speaks no PROXY protocol.",
        noValue: "Not in use",
        .init(
            "{{listener}} {{result}}",
            PromQL.rate("gateway_proxy_protocol_headers_total", by: ["listener", "result"], where: PromQL.instances)
        )
    )

    private static let floods = Panel(
        "HTTP/2 floods",
        .lines,
        unit: "ops",
        description: "Connections per second that were closed because of a flood, by kind.",
        noValue: "No floods",
        .init("{{kind}}", PromQL.rate("gateway_http2_floods_total", by: ["kind"], where: PromQL.instances))
    )

    // MARK: TLS

    private static let handshakes = Panel(
        "Handshakes",
        .areas,
        unit: "ops",
        width: 8,
        description: "Handshakes per second by version and result. Resumed ones are cheap.",
        noValue: "No TLS",
        .init(
            "{{version}} {{result}}",
            PromQL.rate(handshakesTotal, by: ["version", "result"], where: PromQL.instances)
        )
    )

    private static let failedHandshakes = Panel(
        "Failed handshakes",
        .lines,
        unit: "percentunit",
        width: 8,
        description: "Share of the handshakes that failed or took too long. Scanners cause some.",
        noValue: "No TLS",
        .init(
            "{{listener}}",
            PromQL.ratio(handshakesTotal, of: #"result=~"failed|timeout""#, by: ["listener"], where: PromQL.instances)
        )
    )

    private static let certificates = Panel(
        "Certificates expire in",
        .bars,
        unit: "s",
        width: 8,
        description: "Time until each certificate expires.",
        noValue: "No certificates",
        .init(
            "{{name}}",
            "min by (name) (gateway_tls_certificate_expiry_timestamp_seconds{\(PromQL.instances)}) - time()"
        )
    ).warning(below: 1_209_600, critical: 259_200)

    // MARK: Redis

    private static let redisUp = Panel(
        "Redis",
        .states,
        unit: "short",
        width: 8,
        description: "Whether all workers are connected.",
        noValue: "No Redis",
        .init("{{node}} {{instance}}", "gateway_redis_up{\(PromQL.instances)}")
    ).words((0, "Down", "red"), (1, "Up", "green"))

    private static let redisCommands = Panel(
        "Commands by result",
        .lines,
        unit: "ops",
        width: 8,
        description: "Commands per second. down: not sent, because there was no connection.",
        noValue: "No Redis",
        .init("{{result}}", PromQL.rate("gateway_redis_commands_total", by: ["result"], where: PromQL.instances))
    )

    private static let redisDurations = Panel(
        "p99 by command",
        .lines,
        unit: "s",
        width: 8,
        description: "Time from a command to its reply. Requests wait for it.",
        noValue: "No Redis",
        .init("{{command}}", PromQL.quantile("0.99", redisDuration, by: ["command"], where: PromQL.instances))
    )

    // MARK: Configuration and log

    private static let reloads = Panel(
        "Reloads",
        .lines,
        unit: "short",
        width: 8,
        description: "Reloads per minute by result.",
        noValue: "None",
        .init(
            "{{result}}",
            "60 * \(PromQL.rate("gateway_config_reloads_total", by: ["result"], where: PromQL.instances))"
        )
    )

    private static let isCurrent = Panel(
        "Configuration",
        .states,
        unit: "short",
        width: 8,
        description: "Whether the last configuration was applied. If not, the one before still runs.",
        noValue: unknown,
        .init("{{instance}}", "gateway_config_last_reload_successful{\(PromQL.instances)}")
    ).words((0, "Refused", "red"), (1, "Applied", "green"))

    private static let lost = Panel(
        "Lost",
        .lines,
        unit: "ops",
        width: 8,
        description: "Log lines that could not be written, and label sets that were counted under _OTHER, per second.",
        noValue: "Nothing lost",
        .init("Log lines", PromQL.rate("gateway_log_lines_dropped_total", where: PromQL.instances)),
        .init(
            "Label sets",
            PromQL.rate("gateway_metric_series_dropped_total", where: PromQL.instances) + " or vector(0)"
        )
    )
}
