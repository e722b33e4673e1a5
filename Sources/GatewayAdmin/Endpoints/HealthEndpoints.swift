import GatewayCore
import GatewaySettings

/// `/health/live`: whether the event loops are responsive.
struct LivenessEndpoint: AdminEndpoint {
    let path = "/health/live"
    let aliases = ["/health/liveness"]
    let scope = AdminScope.open
    let summary = "Liveness: 200, or 503 while an event loop has stalled for 5 seconds."

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

    package func answer(_ call: AdminCall) -> Response { .health(HealthReport(call.status), call) }
}

/// `/health/detailed`: also every target, and the resources of the process.
struct DetailedHealthEndpoint: AdminEndpoint {
    let path = "/health/detailed"
    let summary = "Health of every target, and the resources the process uses."

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
