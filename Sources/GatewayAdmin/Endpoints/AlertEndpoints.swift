import GatewayCore
import GatewayEvents
import GatewayHTTP
import GatewaySettings
import NIOCore

/// `/alerts`: what is wrong at the moment.
struct AlertsEndpoint: AdminEndpoint {
    let path = "/alerts"
    let aliases = ["/api/v1/alerts"]
    let summary = "Alerts with their states and values."
    let operation = APIOperation("listAlerts", .alerts, answers: [.list("alerts", of: .alert)])

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        .admin(await call.status.events?.alerts.json() ?? ["alerts": []])
    }
}

/// `/alerts/history`: what was wrong.
struct AlertHistoryEndpoint: AdminEndpoint {
    let path = "/alerts/history"
    let aliases = ["/api/v1/alerts/history"]
    let summary = "The last changes of alerts, newest last."
    let operation = APIOperation(
        "listAlertHistory",
        .alerts,
        query: [.limit],
        answers: [.list("history", of: .alertChange)]
    )

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        let limit = try call.query.limit()
        return .admin(await call.status.events?.alerts.history(limit: limit) ?? ["history": []])
    }
}

/// `POST /alerts/{name}/silence`: no notices for a while.
struct SilenceAlertEndpoint: AdminEndpoint {
    let path = "/alerts/{name}/silence"
    let aliases = ["/api/v1/alerts/{name}/silence"]
    let method = Method.post
    let scope = AdminScope.write
    let action: AuditAction? = .silenceAlert
    let summary = "Publishes no events of an alert for a while."
    let operation = APIOperation(
        "silenceAlert",
        .alerts,
        path: .alert,
        body: .json(
            .object(
                ["for": .text("For how long, from `1s` to `365d`.", "2h", pattern: "^[0-9]")],
                optional: ["comment": .text("Why.", "deploying", maximum: Self.longestComment)]
            )
        ),
        answers: [.json(.silence)]
    )

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        let (span, comment) = try Self.fields(of: call)
        let (name, alerts) = try await call.alert()
        let before = await alerts.silence(of: name)
        let silence = try await call.act(
            on: name,
            from: AlertSilence.json(name, before),
            to: ["for": .string("\(span)"), "comment": .string(comment)]
        ) {
            await alerts.silence(name, for: span, comment: comment)
        }
        return .admin(AlertSilence.json(name, silence))
    }

    private static let spans: ClosedRange<TimeSpan> = .seconds(1) ... .hours(24 * 365)
    private static let longestComment = 1000

    /// - Throws: 400 if the body is not JSON, 422 with every invalid field.
    private static func fields(of call: AdminCall) throws(AdminRefusal) -> (TimeSpan, comment: String) {
        var fields = try AdminBody.fields(of: call.request.body ?? ByteBuffer())
        var problems: [GatewayError.Problem] = []
        let written = fields.removeValue(forKey: "for")
        let span = written?.string.flatMap { TimeSpan($0) } ?? .zero
        if written == nil {
            problems.append(GatewayError.Problem(field: "for", reason: "is missing"))
        } else if !self.spans.contains(span) {
            problems.append(
                GatewayError.Problem(field: "for", reason: "must be a duration from \"1s\" to \"365d\", such as \"2h\"")
            )
        }
        let comment = fields.removeValue(forKey: "comment")
        let text = comment == nil ? "" : comment?.string
        if text.map({ $0.utf8.count > self.longestComment }) ?? true {
            problems.append(
                GatewayError.Problem(
                    field: "comment",
                    reason: "must be a string of at most 1,000 bytes"
                )
            )
        }
        problems += AdminBody.unknown(fields.keys)
        guard problems.isEmpty else { throw .invalid(problems) }
        return (span, text ?? "")
    }
}

/// `DELETE /alerts/{name}/silence`: notices again.
struct EndSilenceEndpoint: AdminEndpoint {
    let path = "/alerts/{name}/silence"
    let aliases = ["/api/v1/alerts/{name}/silence"]
    let method = Method.delete
    let scope = AdminScope.write
    let action: AuditAction? = .endSilence
    let summary = "Ends the silence of an alert."
    let operation = APIOperation("endSilence", .alerts, path: .alert, answers: [.json(.silence)])

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        try AdminBody.requireEmpty(call.request.body)
        let (name, alerts) = try await call.alert()
        let before = await alerts.silence(of: name)
        try await call.act(on: name, from: AlertSilence.json(name, before), to: AlertSilence.json(name, nil)) {
            await alerts.endSilence(of: name)
        }
        return .admin(AlertSilence.json(name, nil))
    }
}

/// `POST /alerts/{name}/test`: whether notices arrive.
struct TestAlertEndpoint: AdminEndpoint {
    let path = "/alerts/{name}/test"
    let aliases = ["/api/v1/alerts/{name}/test"]
    let method = Method.post
    let scope = AdminScope.write
    let action: AuditAction? = .testAlert
    let summary = "Publishes an `alert.firing` with `\"test\": true`."
    let operation = APIOperation(
        "testAlert",
        .alerts,
        path: .alert,
        answers: [
            .json(.object(["name": .text("The alert.", "error-rate"), "published": .constant("", true)]))
        ]
    )

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        try AdminBody.requireEmpty(call.request.body)
        let (name, alerts) = try await call.alert()
        try await call.act(on: name, from: .null, to: .null) { await alerts.test(name) }
        return .admin(["name": .string(name), "published": true])
    }
}

extension AdminCall {
    /// The alert that the path names.
    ///
    /// - Throws: 404.
    fileprivate func alert() async throws(AdminRefusal) -> (name: String, Alerts) {
        let name = self.parameters[0]
        guard let alerts = self.status.events?.alerts, await alerts.has(name) else {
            throw .notFound("There is no alert \(JSONText.quoted(name)).")
        }
        return (name, alerts)
    }
}

extension AlertSilence {
    fileprivate static func json(_ name: String, _ silence: AlertSilence?) -> JSONValue {
        guard let silence else { return ["name": .string(name), "silenced_until": .null] }
        return [
            "name": .string(name),
            "silenced_until": .string(CivilTime.rfc3339WithMilliseconds(silence.until.wall)),
            "comment": .string(silence.comment),
        ]
    }
}

extension APISchema {
    private static let alertState = Self.word(
        "",
        of: ["ok", "pending", "firing", "resolved", "flapping", "no_data"]
    )
    private static let alertLabels = Self.map(of: .text("", "users"), "The labels of the series.", "route")

    static let alert = Self.object([
        "name": .text("", "error-rate"),
        "labels": .alertLabels,
        "state": .alertState,
        "value": .number("The value of the condition; null if there is none.", 0.07).orNull,
        "since": .time("When the state began."),
        "severity": .word("", of: EventSeverity.allCases.map(\.rawValue)),
        "silenced_until": .time("Null if the alert is not silenced.").orNull,
    ]).named("Alert")

    fileprivate static let alertChange = Self.object([
        "alert": .text("", "error-rate"),
        "labels": .alertLabels,
        "from": .alertState,
        "to": .alertState,
        "time": .time("When it changed."),
        "value": .number("The value of the condition; null if there is none.", 0.07).orNull,
    ])

    fileprivate static let silence = Self.object(
        ["name": .text("The alert.", "error-rate"), "silenced_until": .time("Null if it is not silenced.").orNull],
        optional: ["comment": .text("Why.", "deploying")]
    )
}

extension [APIParameter] {
    fileprivate static let alert: Self = [.path("name", "The name of an alert.", "error-rate")]
}
