import GatewayCore
import GatewayHTTP
import GatewaySettings

/// `/metrics/counters`: every counter, since the statistics began.
struct CountersEndpoint: AdminEndpoint {
    let path = "/metrics/counters"
    let summary = "All counters as JSON."
    let operation = APIOperation("getCounters", .metrics, answers: [.json(Self.schema)])

    package func answer(_ call: AdminCall) async -> Response {
        let start = call.status.statistics
        return .admin(Self.json(await call.status.registry.snapshot(), since: start))
    }

    private static func json(_ families: [MetricFamily], since start: StatisticsStart) -> JSONValue {
        var counters: [String: JSONValue] = [:]
        for family in families where family.description.kind == .counter {
            let series = family.labels.enumerated().map { index, values -> JSONValue in
                let value = start.counted(family.values[index], family.description.name, values)
                let labels = zip(family.description.labels, values.map { JSONValue.string($0) })
                return [
                    "labels": .sorted(Dictionary(labels) { first, _ in first }),
                    "value": Int(exactly: value).map { .integer($0) } ?? .number(value),
                ]
            }
            counters[family.description.name] = .array(series)
        }
        return ["counters": .sorted(counters), "since": .string(start.time)]
    }
}

/// `POST /metrics/reset`: starts the JSON statistics over.
struct ResetStatisticsEndpoint: AdminEndpoint {
    let path = "/metrics/reset"
    let method = Method.post
    let scope = AdminScope.write
    let action: AuditAction? = .resetStatistics
    let summary = "Resets the JSON statistics. Prometheus counters are not affected."
    let operation = APIOperation("resetStatistics", .metrics, answers: [.json(.object(["since": .statisticsStart]))])

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        try AdminBody.requireEmpty(call.request.body)
        try await call.act(on: nil, from: ["since": .string(call.status.statistics.time)], to: .null) {
            await call.status.resetStatistics(at: call.now)
        }
        return .admin(["since": .string(call.status.statistics.time)])
    }
}

extension CountersEndpoint {
    fileprivate static let schema = APISchema.object([
        "counters": .map(
            of: .list(
                of: .object([
                    "labels": .map(of: .text("", "users"), "The labels of the series.", "route"),
                    "value": .number("What was counted since the statistics began.", 17, from: 0),
                ])
            ),
            "The series by the name of the metric.",
            "gateway_http_requests_total"
        ),
        "since": .statisticsStart,
    ])
}
