import GatewayCore
import GatewaySettings

/// `/health/live`: whether the event loops are responsive.
struct LivenessEndpoint: AdminEndpoint {
    let path = "/health/live"
    let aliases = ["/health/liveness"]
    let scope = AdminScope.open
    let summary = "Liveness: 200, or 503 while an event loop has stalled for 5 seconds."
    let operation = APIOperation(
        "getLiveness",
        .health,
        answers: [
            .json(.object(["status": .constant("", "pass")]), "The event loops turn."),
            .json(503, .object(["status": .constant("", "fail")]), "An event loop has stalled."),
        ]
    )

    package func answer(_ call: AdminCall) -> Response {
        let isLive = !call.status.shared.hasStalledLoop
        return .verdict(["status": isLive ? "pass" : "fail"], fails: !isLive)
    }
}

/// `/health/ready`: whether requests should be sent here.
struct ReadinessEndpoint: AdminEndpoint {
    let path = "/health/ready"
    let aliases = ["/health/readiness"]
    let scope = AdminScope.open
    let summary = "Readiness: 200, or 503 with the reasons."
    let operation = APIOperation(
        "getReadiness",
        .health,
        answers: [
            .json(Self.schema("pass"), "Requests should be sent here."),
            .json(503, Self.schema("fail"), "No requests should be sent here, for these reasons."),
        ]
    )

    private static func schema(_ status: JSONValue) -> APISchema {
        .object([
            "status": .constant("", status),
            "reasons": .list(of: .text("Why no requests should be sent here.", "draining")),
        ])
    }

    package func answer(_ call: AdminCall) -> Response {
        let reasons = call.status.reasonsNotReady
        return .verdict(
            ["status": reasons.isEmpty ? "pass" : "fail", "reasons": .array(reasons.map { .string($0) })],
            fails: !reasons.isEmpty
        )
    }
}

/// `/health`: the gateway and its upstreams.
struct HealthEndpoint: AdminEndpoint {
    let path = "/health"
    let summary = "Health of the gateway and its upstreams."
    let operation = APIOperation("getHealth", .health, answers: HealthReport.answers)

    package func answer(_ call: AdminCall) -> Response { .health(HealthReport(call.status), call) }
}

/// `/health/detailed`: also every target, and the resources of the process.
struct DetailedHealthEndpoint: AdminEndpoint {
    let path = "/health/detailed"
    let summary = "Health of every target, and the resources the process uses."
    let operation = APIOperation("getDetailedHealth", .health, answers: HealthReport.answers)

    package func answer(_ call: AdminCall) async -> Response {
        var report = HealthReport(call.status)
        await report.addDetails(of: call.status)
        return .health(report, call)
    }
}

extension Response {
    fileprivate static func health(_ report: HealthReport, _ call: AdminCall) -> Response {
        let json = report.json(uptime: call.status.uptime, second: Platform.unixMilliseconds() / 1000)
        return .verdict(json, type: "application/health+json", fails: report.status == .fail)
    }
}

extension HealthReport {
    private static let type = "application/health+json"

    fileprivate static let answers = [
        APIAnswer(200, [Self.type], .health, "The status is `pass` or `warn`."),
        APIAnswer(503, [Self.type], .health, "The status is `fail`."),
    ]
}

extension APISchema {
    private static let status = Self.word("", of: ["pass", "warn", "fail"])

    fileprivate static let health = Self.object([
        "status": .status,
        "version": .text("The version of the gateway.", GatewayVersion.current),
        "uptime_seconds": .integer("How long the gateway runs.", 73),
        "checks": .map(of: .list(of: .check), "The observations by what was observed.", "upstream:api"),
    ]).named("HealthReport")

    private static let check = Self.object(
        [
            "componentType": .word("", of: ["component", "datastore", "system"]),
            "status": .status,
            "time": .time("When it was observed."),
        ],
        optional: [
            "componentId": .text("Which of several components.", "127.0.0.1:9001"),
            "observedValue": .number("", 2),
            "observedUnit": .text("The unit of `observedValue`.", "healthy targets"),
            "output": .text("What is wrong.", "healthy targets: 1 of 2"),
            "target": .text("The target, as in metrics and logs.", "127.0.0.1:9001"),
            "up": .boolean("Whether the target receives requests."),
            "state": .text("The state of the target or the server.", "up"),
            "since": .time("When the state began."),
            "reason": .text("Why it is down or disabled.", "refused"),
            "next_try": .time("When the target is tried next."),
            "circuit": .circuit,
            "weight": .integer("The weight of the target.", 1),
            "latency_ms": .milliseconds("The mean duration of the target's responses."),
            "active_connections": .integer("The connections that serve a request.", 3),
            "idle_connections": .integer("The connections that wait for one.", 5),
            "workers": .integer("The workers that connect to the server.", 2),
            "limit": .integer("The maximum number of open files.", 1024),
            "size_bytes": .integer("The size of the disk.", 1_000_000_000),
        ],
        "An observation of a component."
    ).named("HealthCheck")
}
