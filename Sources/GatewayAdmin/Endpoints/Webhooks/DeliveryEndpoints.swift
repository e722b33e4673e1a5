import GatewayCore
import GatewayEvents
import GatewayHTTP
import GatewaySettings
import NIOCore

/// `/webhooks/{id}/deliveries`: what a webhook got, and what it did not get.
struct DeliveriesEndpoint: AdminEndpoint {
    let path = "/webhooks/{id}/deliveries"
    let aliases = ["/api/v1/webhooks/{id}/deliveries"]
    let summary = "The deliveries of a webhook, newest first: `?status=pending`, `delivered` or `failed`."
    let operation = APIOperation(
        "listDeliveries",
        .webhooks,
        path: .webhook,
        query: [
            APIParameter(
                "status",
                .word("Only those of this state.", of: DeliveryReport.Status.allCases.map(\.rawValue))
            ),
            APIParameter("cursor", .text("The `cursor` of the previous page.", "17", pattern: "^[0-9]{1,18}$")),
            .limit,
        ],
        answers: [
            .json(
                .object([
                    "deliveries": .list(of: .delivery),
                    "cursor": .text("Where the next page begins; null if this is the last one.", "17").orNull,
                ])
            )
        ],
        problems: [.draining]
    )

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        let webhook = try await call.webhook()
        let page = try call.query.deliveries()
        let webhooks = try call.webhooks()
        let reports: [DeliveryReport]
        do throws(SQLiteError) {
            // One more, to know whether there are more.
            reports = try await webhooks.deliveries(
                of: webhook.id,
                status: page.status,
                before: page.cursor,
                limit: page.limit + 1
            )
        } catch {
            throw .unavailable(error)
        }
        let shown = reports.prefix(page.limit)
        let cursor = reports.count > page.limit ? shown.last?.key : nil
        return .admin([
            "deliveries": .array(shown.map(\.json)), "cursor": cursor.map { .string("\($0)") } ?? .null,
        ])
    }
}

/// `POST /webhooks/{id}/deliveries/{delivery}/redeliver`: delivers an event again.
struct RedeliverEndpoint: AdminEndpoint {
    let path = "/webhooks/{id}/deliveries/{delivery}/redeliver"
    let aliases = ["/api/v1/webhooks/{id}/deliveries/{delivery}/redeliver"]
    let method = Method.post
    let scope = AdminScope.write
    let action: AuditAction? = .redeliverWebhook
    let summary = "Delivers an event again, with the same `webhook-id`: 202."
    let operation = APIOperation(
        "redeliver",
        .webhooks,
        path: .webhook + [.path("delivery", "The ID of a delivery.", "msg_0192f0c1")],
        answers: [
            .json(202, .object(["id": .text("The delivery.", "msg_0192f0c1"), "status": .constant("", "pending")]))
        ],
        problems: [.rateLimited, .draining]
    )

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        try AdminBody.requireEmpty(call.request.body)
        return try await call.status.webhookWrites.perform(at: call.now) { () throws(AdminRefusal) in
            let webhook = try await call.webhook()
            let delivery = call.parameters[1]
            let webhooks = try call.webhooks()
            let isThere = try await call.act(on: "\(webhook.id)/\(delivery)", from: .null, to: .null) {
                await webhooks.redeliver(delivery, to: webhook.id)
            }
            guard isThere else { throw .notFound("There is no delivery \(JSONText.quoted(delivery)).") }
            return Response.admin(["id": .string(delivery), "status": "pending"], status: 202)
        }
    }
}

extension AdminQuery {
    /// Which deliveries to show.
    ///
    /// - Throws: 422 with every invalid parameter.
    fileprivate func deliveries() throws(AdminRefusal) -> (status: DeliveryReport.Status?, cursor: Int64?, limit: Int) {
        var problems: [GatewayError.Problem] = []
        let limit = self.limit(&problems)
        var status: DeliveryReport.Status?
        if let text = self.single("status", &problems) {
            status = DeliveryReport.Status(rawValue: text)
            if status == nil {
                problems.append(.init(field: "status", reason: "must be pending, delivered or failed"))
            }
        }
        var cursor: Int64?
        if let text = self.single("cursor", &problems) {
            cursor = Int64(text)
            if cursor == nil { problems.append(.init(field: "cursor", reason: "must be the cursor of a page")) }
        }
        guard problems.isEmpty else { throw .invalid(problems) }
        return (status, cursor, limit)
    }
}

extension DeliveryReport {
    fileprivate var json: JSONValue {
        [
            "id": .string(self.id),
            "event": .string("\(self.event)"),
            "type": .string(self.type),
            "status": .string(self.status.rawValue),
            "attempts": .array(self.attempts.map(\.json)),
            "next_attempt": self.nextAttempt.map { .string(CivilTime.rfc3339WithMilliseconds($0)) } ?? .null,
        ]
    }
}

extension DeliveryTry {
    fileprivate var json: JSONValue {
        [
            "time": .string(CivilTime.rfc3339WithMilliseconds(self.time)),
            "status": self.status.map { .integer($0) } ?? .null,
            "duration_ms": .integer(Int(self.duration)),
            "error": self.error.map { .string($0) } ?? .null,
        ]
    }
}

extension APISchema {
    fileprivate static let delivery = Self.object([
        "id": .text("", "msg_0192f0c1"),
        "event": .text("The ID of the event.", "0192f0c1-7e2a-7000-8000-000000000001"),
        "type": .text("The type of the event.", "upstream.down"),
        "status": .word("", of: DeliveryReport.Status.allCases.map(\.rawValue)),
        "attempts": .list(
            of: .object([
                "time": .time("When it began."),
                "status": .integer("Null if there was no response.", 204, from: 100, to: 599).orNull,
                "duration_ms": .milliseconds("How long it took."),
                "error": .text("Why it failed; null if it did not.", "refused").orNull,
            ])
        ),
        "next_attempt": .time("Null if there is none.").orNull,
    ]).named("Delivery")
}
