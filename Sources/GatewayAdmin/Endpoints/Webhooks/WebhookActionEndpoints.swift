import GatewayCore
import GatewayEvents
import GatewayHTTP
import GatewaySettings
import NIOCore

/// `POST /webhooks/{id}/test`: sends an event now.
struct TestWebhookEndpoint: AdminEndpoint {
    let path = "/webhooks/{id}/test"
    let aliases = ["/api/v1/webhooks/{id}/test"]
    let method = Method.post
    let scope = AdminScope.write
    let action: AuditAction? = .testWebhook
    let summary = "Sends `webhook.test` now, and reports how it went."
    let operation = APIOperation(
        "testWebhook",
        .webhooks,
        path: .webhook,
        answers: [.json(Self.schema)],
        problems: [.rateLimited, .draining]
    )

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        try AdminBody.requireEmpty(call.request.body)
        try call.status.webhookWrites.count(at: call.now)
        let webhook = try await call.webhook()
        // It may take minutes, which neither other changes nor other acts in the audit log wait for.
        try await call.change(webhook.id) { _ in }
        guard let gateway = call.status.events?.bus.gateway,
            let result = try await call.webhooks().test(webhook.id, gateway: gateway)
        else { throw .notFound("There is no webhook \(JSONText.quoted(webhook.id)).") }
        return .admin([
            "delivered": .boolean(result.isDelivered),
            "status": result.status.map { .integer($0) } ?? .null,
            "duration_ms": .integer(Int(result.duration)),
            "answer": .string(result.answer),
            "error": result.error.map { .string($0) } ?? .null,
        ])
    }
}

/// `POST /webhooks/{id}/rotate`: replaces the secret.
struct RotateWebhookEndpoint: AdminEndpoint {
    let path = "/webhooks/{id}/rotate"
    let aliases = ["/api/v1/webhooks/{id}/rotate"]
    let method = Method.post
    let scope = AdminScope.write
    let action: AuditAction? = .rotateWebhook
    let summary = "Replaces the secret of a webhook, and shows the new one once. The old one signs too for 24 hours."
    let operation = APIOperation(
        "rotateWebhook",
        .webhooks,
        path: .webhook,
        answers: [.json(.webhookWithSecret)],
        problems: [.conflict, .rateLimited, .draining]
    )

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        try AdminBody.requireEmpty(call.request.body)
        return try await call.status.webhookWrites.perform(at: call.now) { () throws(AdminRefusal) in
            var webhook = try await call.changeableWebhook()
            let secret = WebhookSecret.make()
            webhook.rotate(to: secret, at: Platform.unixMilliseconds())
            let after = webhook
            try await call.change(after.id) { webhooks throws(SQLiteError) in try await webhooks.put(after) }
            return .admin(try await call.json(after, secret: secret))
        }
    }
}

/// `POST /webhooks/{id}/enable`: delivers events again.
struct EnableWebhookEndpoint: AdminEndpoint {
    let path = "/webhooks/{id}/enable"
    let aliases = ["/api/v1/webhooks/{id}/enable"]
    let method = Method.post
    let scope = AdminScope.write
    let action: AuditAction? = .enableWebhook
    let summary = "Delivers events to a webhook again."
    let operation = APIOperation(
        "enableWebhook",
        .webhooks,
        path: .webhook,
        answers: [.json(.webhook)],
        problems: [.rateLimited, .draining]
    )

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        try await call.setWebhook(isEnabled: true)
    }
}

/// `POST /webhooks/{id}/disable`: delivers no events.
struct DisableWebhookEndpoint: AdminEndpoint {
    let path = "/webhooks/{id}/disable"
    let aliases = ["/api/v1/webhooks/{id}/disable"]
    let method = Method.post
    let scope = AdminScope.write
    let action: AuditAction? = .disableWebhook
    let summary = "Delivers no events to a webhook, until it is enabled."
    let operation = APIOperation(
        "disableWebhook",
        .webhooks,
        path: .webhook,
        answers: [.json(.webhook)],
        problems: [.rateLimited, .draining]
    )

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        try await call.setWebhook(isEnabled: false)
    }
}

extension AdminCall {
    /// Enables or disables a webhook, of the file too: whether it is enabled is not one of its settings, and a receiver that
    /// was away for too long has to be enabled again.
    fileprivate func setWebhook(isEnabled: Bool) async throws(AdminRefusal) -> Response {
        try AdminBody.requireEmpty(self.request.body)
        return try await self.status.webhookWrites.perform(at: self.now) { () throws(AdminRefusal) in
            let before = try await self.webhook()
            var after = before
            after.isEnabled = isEnabled
            try await self.change(before.id, from: before, to: after) { webhooks in
                if isEnabled { await webhooks.enable(before.id) } else { await webhooks.disable(before.id) }
            }
            return .admin(try await self.json(after))
        }
    }
}

extension TestWebhookEndpoint {
    fileprivate static let schema = APISchema.object([
        "delivered": .boolean("Whether the receiver accepted the event."),
        "status": .integer("The status of the response; null if there was none.", 204, from: 100, to: 599).orNull,
        "duration_ms": .milliseconds("How long it took."),
        "answer": .text("The beginning of the response's body.", ""),
        "error": .text("Why it failed; null if it did not.", "refused").orNull,
    ])
}
