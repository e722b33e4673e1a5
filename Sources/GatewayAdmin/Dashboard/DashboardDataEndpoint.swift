import GatewayCore
import GatewayHTTP
import GatewaySettings
import NIOCore

/// `/monitoring/dashboard`: all that the dashboard shows.
struct DashboardDataEndpoint: AdminEndpoint {
    let path = "/monitoring/dashboard"
    let summary =
        "All that the dashboard shows, over the last ten seconds: totals, routes, upstreams, limits, cache, alerts, problems. "
        + "`?history=15m` or `2h` adds lines, `&route=NAME` those of one route."
    let operation = APIOperation(
        "getDashboard",
        .metrics,
        query: [
            APIParameter(
                "history",
                .word("The period of the lines.", of: TrafficHistory.Span.allCases.map(\.rawValue))
            ),
            APIParameter("route", .text("Whose lines, with `history`.", "users"), in: .measuredRoutes),
        ],
        answers: [.json(.dashboard)]
    )

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        let (span, route) = try Self.history(in: call)
        let board = await Dashboard(of: call.status, at: call.now)
        var json = board.json
        if let span { json["history"] = Self.history(span, of: route, call) }
        // On one line: a page asks for it each second.
        return .admin("application/json", ByteBuffer(string: JSONText.text(.sorted(json)) + "\n"))
    }

    /// - Throws: 422 with every wrong parameter.
    private static func history(
        in call: AdminCall
    ) throws(AdminRefusal) -> (span: TrafficHistory.Span?, route: String?) {
        var problems: [GatewayError.Problem] = []
        let text = call.query.single("history", &problems)
        let span = text.flatMap { TrafficHistory.Span(rawValue: $0) }
        if text != nil, span == nil {
            problems.append(GatewayError.Problem(field: "history", reason: "must be 15m or 2h"))
        }
        let route = call.query.single("route", &problems)
        if let route, !Self.isRoute(route, of: call.status) {
            problems.append(GatewayError.Problem(field: "route", reason: "must be the name of a route"))
        }
        guard problems.isEmpty else { throw .invalid(problems) }
        return (span, route)
    }

    private static func isRoute(_ name: String, of status: GatewayStatus) -> Bool {
        PerformanceEndpoint.reservedRoutes.contains(name) || status.configuration.routes.contains { $0.name == name }
    }

    private static func history(_ span: TrafficHistory.Span, of route: String?, _ call: AdminCall) -> JSONValue {
        let (history, last) = call.status.dashboard.history(of: route)
        let second = last ?? MeterRegistry.second(at: call.now)
        let age = Platform.unixMilliseconds() - Int64(call.now.uptimeNanoseconds / 1_000_000)
        var json = history.json(span, upTo: second) { Int64($0) * 1000 + age }
        if let route { json["route"] = .string(route) }
        return .sorted(json)
    }
}
