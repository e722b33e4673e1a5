extension Dashboard {
    /// Targets, where requests spend their time, circuits, polls and retries.
    static let upstreams = Dashboard(
        name: "upstreams",
        title: "Upstreams",
        description:
            "The targets that serve the requests: their state, durations, connections, circuits, polls and retries.",
        variables: [instance, hiddenRoute, upstream],
        sections: [
            Section("Now", rateNow, errorsNow, durationNow, queueNow, targetsNow, circuitsNow),
            Section("Targets", targetStates, targetTable),
            Section("Requests", rate, errors, durations, codes),
            Section("Phases", phases, queue, connections, connects),
            Section("Circuit breaker and polls", circuitStates, transitions, polls, failedPolls),
            Section("Retries and copies", retries, retryShare, mirror),
        ]
    )

    private static let requests = "gateway_upstream_requests_total"
    private static let duration = "gateway_upstream_request_duration_seconds"
    private static let queued = "gateway_upstream_queue_seconds"
    private static let noRequests = "No requests"
    private static let isError = #"code=~"5..""#

    // MARK: Now

    private static let rateNow = Panel(
        "Requests",
        .number,
        unit: "reqps",
        width: 4,
        description: "Requests per second that targets answered.",
        noValue: noRequests,
        .init("Requests", PromQL.rate(requests, where: PromQL.upstreams))
    )

    private static let errorsNow = Panel(
        "Errors",
        .number,
        unit: "percentunit",
        width: 4,
        description: "Share of the responses of targets with a status of 500 or more.",
        noValue: noRequests,
        .init("Errors", PromQL.ratio(requests, of: isError, where: PromQL.upstreams))
    ).warning(from: 0.001, critical: 0.01)

    private static let durationNow = Panel(
        "p95",
        .number,
        unit: "s",
        width: 4,
        description: "19 of 20 requests took a target no longer.",
        noValue: noRequests,
        .init("p95", PromQL.quantile("0.95", duration, where: PromQL.upstreams))
    )

    private static let queueNow = Panel(
        "Waiting for a connection",
        .number,
        unit: "reqps",
        width: 4,
        description: "Requests per second that had to wait because all connections to the targets were in use.",
        noValue: "None waited",
        .init("Waited", PromQL.count(queued, where: PromQL.upstreams))
    )

    private static let targetsNow = Panel(
        "Targets down",
        .number,
        unit: "short",
        width: 4,
        description: "Targets that get no requests because their polls fail.",
        noValue: "No targets",
        .init("Down", "sum(1 - gateway_upstream_target_up{\(PromQL.upstreams)})")
    ).warning(from: 1, critical: 2)

    private static let circuitsNow = Panel(
        "Open circuits",
        .number,
        unit: "short",
        width: 4,
        description: "Targets that get no requests because too many failed.",
        noValue: "No circuit breaker",
        .init("Open", "sum(gateway_circuit_breaker_state{\(PromQL.upstreams)} == bool 2)")
    ).warning(from: 1, critical: 2)

    // MARK: Targets

    private static let targetStates = Panel(
        "State of the targets",
        .states,
        unit: "short",
        width: 24,
        description: "Which targets were up. One that is down on one instance alone has a problem on the way there.",
        noValue: "No targets",
        .init("{{upstream}} {{target}} {{instance}}", "gateway_upstream_target_up{\(PromQL.upstreams)}")
    ).words((0, "Down", "red"), (1, "Up", "green"))

    private static let targetTable = Panel(
        "Targets",
        .table,
        unit: "short",
        width: 24,
        description: "What each target does now.",
        noValue: "No targets",
        .init("Requests", PromQL.rate(requests, by: byTarget, where: PromQL.upstreams)),
        .init("Errors", PromQL.ratio(requests, of: isError, by: byTarget, where: PromQL.upstreams)),
        .init("p95", PromQL.quantile("0.95", duration, by: byTarget, where: PromQL.upstreams)),
        .init(
            "Connections",
            "sum by (upstream, target) (gateway_upstream_connections{\(PromQL.upstreams)})"
        )
    ).columns(("Requests", "reqps"), ("Errors", "percentunit"), ("p95", "s"))

    private static let byTarget = ["upstream", "target"]

    // MARK: Requests

    private static let rate = Panel(
        "Requests by target",
        .lines,
        unit: "reqps",
        description: "How the requests are spread over the targets.",
        noValue: noRequests,
        .init("{{upstream}} {{target}}", PromQL.rate(requests, by: byTarget, where: PromQL.upstreams))
    )

    private static let errors = Panel(
        "Errors by target",
        .lines,
        unit: "percentunit",
        description: "Share of the responses with a status of 500 or more.",
        noValue: noRequests,
        .init("{{upstream}} {{target}}", PromQL.ratio(requests, of: isError, by: byTarget, where: PromQL.upstreams))
    )

    private static let durations = Panel(
        "p95 by target",
        .lines,
        unit: "s",
        description:
            "From sending a request to the last byte of its response. One target that is slower than the others is ill.",
        noValue: noRequests,
        .init("{{upstream}} {{target}}", PromQL.quantile("0.95", duration, by: byTarget, where: PromQL.upstreams))
    )

    private static let codes = Panel(
        "Responses by status",
        .areas,
        unit: "reqps",
        description: "What the targets answered, before retries and error pages of the gateway.",
        noValue: noRequests,
        .init("{{upstream}} {{code}}", PromQL.rate(requests, by: ["upstream", "code"], where: PromQL.upstreams))
    )

    // MARK: Phases

    private static let phases = Panel(
        "Mean duration of the phases",
        .lines,
        unit: "s",
        description: "Time in the queue for a connection, of those that waited, and time with the target, of all.",
        noValue: noRequests,
        .init("{{upstream}} queue", PromQL.mean(queued, by: ["upstream"], where: PromQL.upstreams)),
        .init("{{upstream}} target", PromQL.mean(duration, by: ["upstream"], where: PromQL.upstreams))
    )

    private static let queue = Panel(
        "p99 of the wait for a connection",
        .lines,
        unit: "s",
        description: "Requests wait if all connections are in use: raise max_connections, or add targets.",
        noValue: "None waited",
        .init("{{upstream}}", PromQL.quantile("0.99", queued, by: ["upstream"], where: PromQL.upstreams))
    )

    private static let connections = Panel(
        "Connections",
        .areas,
        unit: "short",
        description: "Open connections to the targets: active ones have a request, idle ones are kept for the next.",
        noValue: "No targets",
        .init(
            "{{upstream}} {{state}}",
            "sum by (upstream, state) (gateway_upstream_connections{\(PromQL.upstreams)})"
        )
    )

    private static let connects = Panel(
        "Connects by result",
        .lines,
        unit: "ops",
        description:
            "Attempts to connect per second. Many for few requests: the target does not keep connections open.",
        noValue: "None",
        .init(
            "{{upstream}} {{result}}",
            PromQL.rate("gateway_upstream_connects_total", by: ["upstream", "result"], where: PromQL.upstreams)
        )
    )

    // MARK: Circuit breaker and polls

    private static let circuitStates = Panel(
        "Circuits",
        .states,
        unit: "short",
        description: "Open: the target gets no requests. Half open: a few requests try whether it has recovered.",
        noValue: "No circuit breaker",
        .init("{{upstream}} {{target}} {{instance}}", "gateway_circuit_breaker_state{\(PromQL.upstreams)}")
    ).words((0, "Closed", "green"), (1, "Half open", "orange"), (2, "Open", "red"))

    private static let transitions = Panel(
        "Changes of circuits",
        .lines,
        unit: "ops",
        description:
            "Changes per second by new state. One that opens and closes all the time has a limit that is too tight.",
        noValue: "None changed",
        .init(
            "{{upstream}} {{to}}",
            PromQL.rate("gateway_circuit_breaker_transitions_total", by: ["upstream", "to"], where: PromQL.upstreams)
        )
    )

    private static let polls = Panel(
        "Polls by result",
        .lines,
        unit: "ops",
        description: "Health checks per second by how they ended.",
        noValue: "No polls",
        .init(
            "{{upstream}} {{result}}",
            PromQL.rate("gateway_upstream_health_checks_total", by: ["upstream", "result"], where: PromQL.upstreams)
        )
    )

    private static let failedPolls = Panel(
        "Failed polls by target",
        .lines,
        unit: "percentunit",
        description: "Share of the health checks that failed. A target is taken out after some in a row.",
        noValue: "No polls",
        .init(
            "{{upstream}} {{target}}",
            PromQL.ratio(
                "gateway_upstream_health_checks_total",
                of: #"result!="ok""#,
                by: byTarget,
                where: PromQL.upstreams
            )
        )
    )

    // MARK: Retries and copies

    private static let retries = Panel(
        "Retries by reason",
        .areas,
        unit: "reqps",
        width: 8,
        description:
            "Requests per second that were sent again. budget_exhausted: those that were not, because too many were.",
        noValue: "No retries",
        .init(
            "{{upstream}} {{reason}}",
            PromQL.rate("gateway_upstream_retries_total", by: ["upstream", "reason"], where: PromQL.upstreams)
        )
    )

    private static let retryShare = Panel(
        "Retries per response",
        .lines,
        unit: "percentunit",
        width: 8,
        description:
            "Requests that were sent again, as a share of the responses. Retries multiply the load on a target that fails.",
        noValue: noRequests,
        .init("{{upstream}}", retriesPerResponse)
    )

    private static let retriesPerResponse: String = {
        let responses = PromQL.rate(requests, by: ["upstream"], where: PromQL.upstreams)
        let retries = PromQL.rate(
            "gateway_upstream_retries_total",
            by: ["upstream"],
            where: PromQL.upstreams + #",reason!="budget_exhausted""#
        )
        return "(\(retries) or 0 * \(responses)) / \(responses)"
    }()

    private static let mirror = Panel(
        "Copies of requests",
        .lines,
        unit: "reqps",
        width: 8,
        description: "Requests that were copied to another upstream, by what became of the copy.",
        noValue: "No copies",
        .init(
            "{{upstream}} {{result}}",
            PromQL.rate("gateway_mirror_requests_total", by: ["upstream", "result"], where: PromQL.upstreams)
        )
    )
}
