import GatewayCore
import GatewayEvents
import GatewayHTTP
import GatewaySettings
import NIOCore

/// `/webhooks`: the receivers of events.
struct WebhooksEndpoint: AdminEndpoint {
    let path = "/webhooks"
    let aliases = ["/api/v1/webhooks"]
    let summary = "The webhooks of the file and of the API."
    let operation = APIOperation(
        "listWebhooks",
        .webhooks,
        query: .page(of: .webhooks),
        answers: [.page("webhooks", of: .webhook)],
        problems: [.draining]
    )

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        let webhooks = try await call.webhooks().all()
        // Without parameters, all of them.
        let isPage = !AdminQuery.pageParameters.allSatisfy { call.query.values(of: $0).isEmpty }
        let page = isPage ? try call.query.page(of: webhooks.map(\.id)) : webhooks.indices
        var shown: [JSONValue] = []
        for webhook in webhooks[page] { shown.append(try await call.json(webhook)) }
        return .admin(["webhooks": .array(shown), "total": .integer(webhooks.count)])
    }
}

/// `POST /webhooks`: makes a webhook.
struct CreateWebhookEndpoint: AdminEndpoint {
    let path = "/webhooks"
    let aliases = ["/api/v1/webhooks"]
    let method = Method.post
    let scope = AdminScope.write
    let action: AuditAction? = .createWebhook
    let summary = "Makes a webhook: 201, with the secret if it was made here. It is shown once."
    let operation = APIOperation(
        "createWebhook",
        .webhooks,
        body: .json(.webhookDraft),
        answers: [
            APIAnswer(
                201,
                ["application/json"],
                .webhookWithSecret,
                fields: [("Location", "The path of the webhook.")]
            )
        ],
        problems: [.conflict, .rateLimited, .draining]
    )

    private static let limit = 10_000

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        try await call.status.webhookWrites.perform(at: call.now) { () throws(AdminRefusal) in
            let events = call.status.configuration.events
            var draft = try WebhookDraft(AdminBody.json(call.request.body), events.addresses)
            let ids = Set(try await call.webhooks().all().map(\.id))
            if ids.count >= Self.limit { throw .conflict("There are \(Self.limit) webhooks already.") }
            if draft.settings.id.isEmpty {
                draft.settings.id = Self.unusedID(draft.settings.name, ids)
            } else if ids.contains(draft.settings.id) {
                throw .conflict("There is a webhook \(JSONText.quoted(draft.settings.id)) already.")
            }
            var secret: String?
            if draft.settings.secret.texts.isEmpty {
                let made = WebhookSecret.make()
                draft.settings.secret = WebhookSecrets([made])
                secret = made
            }
            let isEnabled = draft.isEnabled ?? true
            let webhook = Webhook(settings: draft.settings, isFromFile: false, isEnabled: isEnabled)
            try await call.change(webhook.id, to: webhook) { webhooks throws(SQLiteError) in
                try await webhooks.put(webhook)
                if !isEnabled { await webhooks.disable(webhook.id) }
            }
            var response = Response.admin(try await call.json(webhook, secret: secret), status: 201)
            let id = String(decoding: PercentEncoding.encoded(webhook.id), as: UTF8.self)
            response.add(.location, "\(call.request.path)/\(id)")
            return response
        }
    }

    /// The host, or the host with a number.
    private static func unusedID(_ host: String, _ ids: Set<String>) -> String {
        if !ids.contains(host) { return host }
        return (2...).lazy.map { "\(host)-\($0)" }.first { !ids.contains($0) } ?? host
    }
}

/// `/webhooks/{id}`: one webhook.
struct WebhookEndpoint: AdminEndpoint {
    let path = "/webhooks/{id}"
    let aliases = ["/api/v1/webhooks/{id}"]
    let summary = "One webhook, without its secret."
    let operation = APIOperation(
        "getWebhook",
        .webhooks,
        path: .webhook,
        answers: [.json(.webhook)],
        problems: [.draining]
    )

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        .admin(try await call.json(call.webhook()))
    }
}

/// `PATCH /webhooks/{id}`: changes a webhook.
struct ChangeWebhookEndpoint: AdminEndpoint {
    let path = "/webhooks/{id}"
    let aliases = ["/api/v1/webhooks/{id}"]
    let method = Method.patch
    let scope = AdminScope.write
    let action: AuditAction? = .changeWebhook
    let summary = "Changes a webhook of the API by a merge patch (RFC 7396)."
    let operation = APIOperation(
        "changeWebhook",
        .webhooks,
        path: .webhook,
        body: APIBody(types: ["application/merge-patch+json", "application/json"], schema: .webhookPatch),
        answers: [.json(.webhook)],
        problems: [.conflict, .rateLimited, .draining]
    )

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        try await call.status.webhookWrites.perform(at: call.now) { () throws(AdminRefusal) in
            let before = try await call.changeableWebhook()
            let events = call.status.configuration.events
            let draft = try WebhookDraft(AdminBody.json(call.request.body), of: before, events.addresses)
            var webhook = before
            if draft.settings.secret != webhook.settings.secret { webhook.formerSecret = nil }
            webhook.settings = draft.settings
            webhook.isEnabled = draft.isEnabled ?? before.isEnabled
            let after = webhook
            try await call.change(after.id, from: before, to: after) { webhooks throws(SQLiteError) in
                try await webhooks.put(after)
                if after.isEnabled, !before.isEnabled { await webhooks.enable(after.id) }
                if !after.isEnabled, before.isEnabled { await webhooks.disable(after.id) }
            }
            return .admin(try await call.json(after))
        }
    }
}

/// `DELETE /webhooks/{id}`: deletes a webhook.
struct DeleteWebhookEndpoint: AdminEndpoint {
    let path = "/webhooks/{id}"
    let aliases = ["/api/v1/webhooks/{id}"]
    let method = Method.delete
    let scope = AdminScope.write
    let action: AuditAction? = .deleteWebhook
    let summary = "Deletes a webhook of the API and its deliveries: 204."
    let operation = APIOperation(
        "deleteWebhook",
        .webhooks,
        path: .webhook,
        answers: [.empty(204, "The webhook is gone.")],
        problems: [.conflict, .rateLimited, .draining]
    )

    package func answer(_ call: AdminCall) async throws(AdminRefusal) -> Response {
        try AdminBody.requireEmpty(call.request.body)
        return try await call.status.webhookWrites.perform(at: call.now) { () throws(AdminRefusal) in
            let webhook = try await call.changeableWebhook()
            try await call.change(webhook.id, from: webhook) { webhooks throws(SQLiteError) in
                try await webhooks.delete(webhook.id)
            }
            return Response(status: 204)
        }
    }
}
