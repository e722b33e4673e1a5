extension Dashboard {
    /// Events, webhooks, streams, alerts, reports and traces: what the gateway tells others.
    static let events = Dashboard(
        name: "events",
        title: "Events",
        description: "What the gateway tells others: events, webhooks, streams, alerts, reports and traces.",
        variables: [instance, hiddenRoute],
        sections: [
            Section("Now", publishedNow, droppedNow, firingNow, pendingNow, clientsNow, tracesNow),
            Section("Events", published, dropped),
            Section("Webhooks", deliveries, durations, pending, storeErrors),
            Section("Alerts", firing, evaluation, failures),
            Section("Streams, reports and traces", clients, messages, reports, traces),
        ]
    )

    private static let deliveriesTotal = "gateway_webhook_deliveries_total"
    private static let spansTotal = "gateway_trace_spans_total"
    private static let noWebhooks = "No webhooks"

    // MARK: Now

    private static let publishedNow = Panel(
        "Events",
        .number,
        unit: "ops",
        width: 4,
        description: "Events per second.",
        noValue: "No events",
        .init("Events", PromQL.rate("gateway_events_total", where: PromQL.instances))
    )

    private static let droppedNow = Panel(
        "Dropped in the last hour",
        .number,
        unit: "short",
        width: 4,
        description: "Events that somebody did not get because a queue was full.",
        noValue: "Unknown",
        .init("Dropped", "sum(increase(gateway_events_dropped_total{\(PromQL.instances)}[1h]))")
    ).warning(from: 1, critical: 100)

    private static let firingNow = Panel(
        "Alerts that fire",
        .number,
        unit: "short",
        width: 4,
        description: "Alerts of the gateway itself. Those of Prometheus are in its own list.",
        noValue: "No alerts",
        .init("Firing", "sum(gateway_alerts_firing{\(PromQL.instances)})")
    ).warning(from: 1, critical: 5)

    private static let pendingNow = Panel(
        "Deliveries that wait",
        .number,
        unit: "short",
        width: 4,
        description: "Events that a webhook has not answered yet.",
        noValue: noWebhooks,
        .init("Waiting", "sum(gateway_webhook_pending{\(PromQL.instances)})")
    ).warning(from: 100, critical: 1000)

    private static let clientsNow = Panel(
        "Open streams",
        .number,
        unit: "short",
        width: 4,
        description: "Clients that read events as they happen.",
        noValue: "No streams",
        .init("Streams", "sum(gateway_event_stream_clients{\(PromQL.instances)})")
    )

    private static let tracesNow = Panel(
        "Lost spans",
        .number,
        unit: "percentunit",
        width: 4,
        description: "Share of the spans that no collector accepted.",
        noValue: "No traces",
        .init("Lost", PromQL.ratio(spansTotal, of: #"result!="sent""#, where: PromQL.instances))
    ).warning(from: 0.001, critical: 0.1)

    // MARK: Events

    private static let published = Panel(
        "Events by topic",
        .areas,
        unit: "ops",
        description: "Events per second.",
        noValue: "No events",
        .init("{{topic}}", PromQL.rate("gateway_events_total", by: ["topic"], where: PromQL.instances))
    )

    private static let dropped = Panel(
        "Dropped events by reason",
        .lines,
        unit: "ops",
        description: "queue: too many waited to be handed on. subscriber: the embedding program was too slow.",
        noValue: "Unknown",
        .init("{{reason}}", PromQL.rate("gateway_events_dropped_total", by: ["reason"], where: PromQL.instances))
    )

    // MARK: Webhooks

    private static let deliveries = Panel(
        "Tries by webhook and result",
        .lines,
        unit: "ops",
        description: "retry: will be tried again. failed: given up.",
        noValue: noWebhooks,
        .init(
            "{{webhook}} {{result}}",
            PromQL.rate(deliveriesTotal, by: ["webhook", "result"], where: PromQL.instances)
        )
    )

    private static let durations = Panel(
        "p95 by webhook",
        .lines,
        unit: "s",
        description: "From sending an event until the end of the response.",
        noValue: noWebhooks,
        .init(
            "{{webhook}}",
            PromQL.quantile(
                "0.95",
                "gateway_webhook_delivery_duration_seconds",
                by: ["webhook"],
                where: PromQL.instances
            )
        )
    )

    private static let pending = Panel(
        "Deliveries that wait",
        .lines,
        unit: "short",
        description: "Events that a webhook has not answered yet. Growth: the receiver is down or too slow.",
        noValue: noWebhooks,
        .init("{{webhook}}", "sum by (webhook) (gateway_webhook_pending{\(PromQL.instances)})")
    )

    private static let storeErrors = Panel(
        "Errors of the event store",
        .lines,
        unit: "ops",
        description: "Failures to use the file of the store, by kind. Until they end, deliveries are in memory only.",
        noValue: "No errors",
        .init("{{kind}}", PromQL.rate("gateway_event_store_errors_total", by: ["kind"], where: PromQL.instances))
    )

    // MARK: Alerts

    private static let firing = Panel(
        "Alerts that fire",
        .areas,
        unit: "short",
        width: 8,
        description: "By rule and severity.",
        noValue: "No alerts",
        .init("{{alert}} {{severity}}", "sum by (alert, severity) (gateway_alerts_firing{\(PromQL.instances)})")
    )

    private static let evaluation = Panel(
        "Duration of an evaluation",
        .lines,
        unit: "s",
        width: 8,
        description: "How long the last evaluation of all alerts took.",
        noValue: "No alerts",
        .init("{{instance}}", "max by (instance) (gateway_alert_evaluation_duration_seconds{\(PromQL.instances)})")
    )

    private static let failures = Panel(
        "Missed evaluations",
        .lines,
        unit: "ops",
        width: 8,
        description: "late: the one before was not done. series: a rule had too many label sets.",
        noValue: "No alerts",
        .init(
            "{{reason}}",
            PromQL.rate("gateway_alert_evaluation_failures_total", by: ["reason"], where: PromQL.instances)
        )
    )

    // MARK: Streams, reports and traces

    private static let clients = Panel(
        "Open streams",
        .areas,
        unit: "short",
        description: "Clients that read events as they happen, by kind.",
        noValue: "No streams",
        .init("{{kind}}", "sum by (kind) (gateway_event_stream_clients{\(PromQL.instances)})")
    )

    private static let messages = Panel(
        "Messages of streams",
        .lines,
        unit: "ops",
        description: "dropped: the client reads too slowly.",
        noValue: "No streams",
        .init(
            "{{kind}} {{result}}",
            PromQL.rate("gateway_event_stream_messages_total", by: ["kind", "result"], where: PromQL.instances)
        )
    )

    private static let reports = Panel(
        "Reports to Sentry",
        .lines,
        unit: "ops",
        description: "Reports per second by what became of them.",
        noValue: "No reports",
        .init("{{result}}", PromQL.rate("gateway_sentry_events_total", by: ["result"], where: PromQL.instances))
    )

    private static let traces = Panel(
        "Spans",
        .areas,
        unit: "ops",
        description:
            "rejected: the collector refused them. dropped: the queue was full because the collector was away.",
        noValue: "No traces",
        .init("{{result}}", PromQL.rate(spansTotal, by: ["result"], where: PromQL.instances))
    )
}
