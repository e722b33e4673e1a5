extension Dashboard {
    /// Rate, errors and durations by route, what is close to its limit, and errors by code.
    static let overview = Dashboard(
        name: "overview",
        title: "Overview",
        description: "Rate, errors and durations of all routes, and what is close to its limit.",
        variables: [instance, route],
        sections: [
            Section("Now", requestsNow, errorsNow, medianNow, slowestNow, inFlightNow, targetsNow),
            Section("Routes", routeTable),
            Section("Rate and errors", rateByRoute, errorsByRoute, responsesByCode, errorsByCode),
            Section("Durations", durationsByRoute, quantiles, heatmap, firstByte),
            Section("Saturation", inFlightByRoute, missedDeadlines, processors, loopLag, bytes, connections),
        ]
    )

    private static let requests = "gateway_http_requests_total"
    private static let duration = "gateway_http_request_duration_seconds"
    private static let noRequests = "No requests"

    // MARK: Now

    private static let requestsNow = Panel(
        "Requests",
        .number,
        unit: "reqps",
        width: 4,
        description: "Requests answered per second, whatever their status.",
        noValue: noRequests,
        .init("Requests", PromQL.rate(requests, where: PromQL.routes))
    )

    private static let errorsNow = Panel(
        "Errors",
        .number,
        unit: "percentunit",
        width: 4,
        description:
            "Share of the requests that were answered with a status of 500 or more, by the gateway or an upstream.",
        noValue: noRequests,
        .init("Errors", PromQL.ratio(requests, of: #"code=~"5..""#, where: PromQL.routes))
    ).warning(from: 0.001, critical: 0.01)

    private static let medianNow = Panel(
        "Median",
        .number,
        unit: "s",
        width: 4,
        description:
            "Half of the requests took no longer, from the first byte of the request to the last of the response.",
        noValue: noRequests,
        .init("p50", PromQL.quantile("0.5", duration, where: PromQL.routes))
    )

    private static let slowestNow = Panel(
        "p99",
        .number,
        unit: "s",
        width: 4,
        description: "99 of 100 requests took no longer.",
        noValue: noRequests,
        .init("p99", PromQL.quantile("0.99", duration, where: PromQL.routes))
    )

    private static let inFlightNow = Panel(
        "In progress",
        .number,
        unit: "short",
        width: 4,
        description: "Requests in progress. If it grows while the rate does not, upstreams are getting slower.",
        noValue: "No routes",
        .init("In progress", "sum(gateway_http_requests_in_flight{\(PromQL.routes)})")
    )

    private static let targetsNow = Panel(
        "Targets up",
        .number,
        unit: "percentunit",
        width: 4,
        description: "Share of the targets of all upstreams that get requests.",
        noValue: "No targets",
        .init("Up", "avg(gateway_upstream_target_up{\(PromQL.instances)})")
    ).warning(below: 1, critical: 0.5).maximum(1)

    // MARK: Routes

    private static let routeTable = Panel(
        "Routes",
        .table,
        unit: "short",
        width: 24,
        height: 9,
        description: "Rate, errors and durations of each route, of now. A click on a title sorts.",
        noValue: noRequests,
        .init("Requests", PromQL.rate(requests, by: ["route"], where: PromQL.routes)),
        .init("Errors", PromQL.ratio(requests, of: #"code=~"5..""#, by: ["route"], where: PromQL.routes)),
        .init("p50", PromQL.quantile("0.5", duration, by: ["route"], where: PromQL.routes)),
        .init("p95", PromQL.quantile("0.95", duration, by: ["route"], where: PromQL.routes)),
        .init("p99", PromQL.quantile("0.99", duration, by: ["route"], where: PromQL.routes)),
        .init("In progress", "sum by (route) (gateway_http_requests_in_flight{\(PromQL.routes)})")
    ).columns(("Requests", "reqps"), ("Errors", "percentunit"), ("p50", "s"), ("p95", "s"), ("p99", "s"))

    // MARK: Rate and errors

    private static let rateByRoute = Panel(
        "Requests by route",
        .lines,
        unit: "reqps",
        description: "Requests answered per second. _none: no route matched, or the request was malformed.",
        noValue: noRequests,
        .init("{{route}}", PromQL.rate(requests, by: ["route"], where: PromQL.routes))
    )

    private static let errorsByRoute = Panel(
        "Errors by route",
        .lines,
        unit: "percentunit",
        description: "Share of the requests that were answered with a status of 500 or more.",
        noValue: noRequests,
        .init("{{route}}", PromQL.ratio(requests, of: #"code=~"5..""#, by: ["route"], where: PromQL.routes))
    )

    private static let responsesByCode = Panel(
        "Responses by status",
        .areas,
        unit: "reqps",
        description: "Responses per second by status. 499: the client left before there was one.",
        noValue: noRequests,
        .init("{{code}}", PromQL.rate(requests, by: ["code"], where: PromQL.routes))
    )

    private static let errorsByCode = Panel(
        "Errors of the gateway by code",
        .areas,
        unit: "reqps",
        description:
            "Errors that the gateway answered, by the code in their body. The pages below docs/errors explain each.",
        noValue: "No errors",
        .init("{{code}}", PromQL.rate("gateway_errors_total", by: ["code"], where: PromQL.routes))
    )

    // MARK: Durations

    private static let durationsByRoute = Panel(
        "p95 by route",
        .lines,
        unit: "s",
        description: "19 of 20 requests of the route took no longer.",
        noValue: noRequests,
        .init("{{route}}", PromQL.quantile("0.95", duration, by: ["route"], where: PromQL.routes))
    )

    private static let quantiles = Panel(
        "Quantiles",
        .lines,
        unit: "s",
        description: "Durations of all requests: the mean, and how long 50, 95 and 99 of 100 took at most.",
        noValue: noRequests,
        .init("p99", PromQL.quantile("0.99", duration, where: PromQL.routes)),
        .init("p95", PromQL.quantile("0.95", duration, where: PromQL.routes)),
        .init("p50", PromQL.quantile("0.5", duration, where: PromQL.routes)),
        .init("Mean", PromQL.mean(duration, where: PromQL.routes))
    )

    private static let heatmap = Panel(
        "Distribution",
        .heatmap,
        unit: "s",
        description:
            "How many requests took how long. Two bands mean that two kinds of requests share the routes shown.",
        noValue: noRequests,
        .init(
            "{{le}}",
            "sum by (le) (increase(\(duration)_bucket{\(PromQL.routes)}[\(PromQL.interval)]))"
                + " or sum(increase(\(duration){\(PromQL.routes)}[\(PromQL.interval)]))"
        )
    )

    private static let firstByte = Panel(
        "p95 until the first byte by route",
        .lines,
        unit: "s",
        description: "Time until the first byte of the response. The rest of a duration is the body.",
        noValue: noRequests,
        .init(
            "{{route}}",
            PromQL.quantile("0.95", "gateway_http_response_first_byte_seconds", by: ["route"], where: PromQL.routes)
        )
    )

    // MARK: Saturation

    private static let inFlightByRoute = Panel(
        "In progress by route",
        .areas,
        unit: "short",
        description: "Requests in progress. A route that grows alone waits for its upstream.",
        noValue: "No routes",
        .init("{{route}}", "sum by (route) (gateway_http_requests_in_flight{\(PromQL.routes)})")
    )

    private static let missedDeadlines = Panel(
        "Missed deadlines",
        .areas,
        unit: "reqps",
        description: "Requests per second that ran out of time, by what they waited for.",
        noValue: "None",
        .init("{{phase}}", PromQL.rate("gateway_timeouts_total", by: ["phase"], where: PromQL.routes))
    )

    private static let processors = Panel(
        "CPU",
        .lines,
        unit: "short",
        width: 8,
        description: "Cores in use by each instance.",
        noValue: "Unknown",
        .init(
            "{{instance}}",
            PromQL.ofGateways("rate(process_cpu_seconds_total{\(PromQL.instances)}[\(PromQL.interval)])")
        )
    )

    private static let loopLag = Panel(
        "Event loops, p99 of the lag",
        .lines,
        unit: "s",
        width: 8,
        description:
            "How late event loops run a task. Over a few milliseconds something blocks them, or the cores are full.",
        noValue: "Unknown",
        .init(
            "{{instance}}",
            PromQL.quantile("0.99", "gateway_event_loop_lag_seconds", by: ["instance"], where: PromQL.instances)
        )
    )

    private static let bytes = Panel(
        "Traffic",
        .lines,
        unit: "Bps",
        width: 8,
        description: "Bytes of heads and bodies per second, from clients and to them.",
        noValue: noRequests,
        .init("Received", PromQL.rate("gateway_http_received_bytes_total", where: PromQL.routes)),
        .init("Sent", PromQL.rate("gateway_http_sent_bytes_total", where: PromQL.routes))
    )

    private static let connections = Panel(
        "Client connections",
        .areas,
        unit: "short",
        width: 24,
        height: 6,
        description: "Open connections of clients: active ones have a request in progress.",
        noValue: "No listeners",
        .init("{{state}}", "sum by (state) (gateway_client_connections{\(PromQL.instances)})")
    )
}
