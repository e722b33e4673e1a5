import GatewayCore
import GatewayEvents
import GatewayHTTP
import GatewaySettings

extension AdminCall {
    /// - Throws: 503 if the gateway is ending.
    func webhooks() throws(AdminRefusal) -> WebhookRegistry {
        guard let events = self.status.events else { throw AdminRefusal(error: GatewayError(.draining)) }
        return events.webhooks
    }

    /// The webhook that the path names.
    ///
    /// - Throws: 404.
    func webhook() async throws(AdminRefusal) -> Webhook {
        let id = self.parameters[0]
        guard let webhook = try await self.webhooks().webhook(id) else {
            throw .notFound("There is no webhook \(JSONText.quoted(id)).")
        }
        return webhook
    }

    /// The webhook that the path names, to change it.
    ///
    /// - Throws: 404, and 409 if the file contains the webhook.
    func changeableWebhook() async throws(AdminRefusal) -> Webhook {
        let webhook = try await self.webhook()
        guard webhook.isFromFile else { return webhook }
        throw .conflict("The configuration file contains this webhook. Change it there.")
    }

    /// Records a change of webhooks and then makes it.
    ///
    /// - Throws: 503 if the act cannot be recorded, or the store cannot be used.
    func change(
        _ id: String,
        from before: Webhook? = nil,
        to after: Webhook? = nil,
        _ change: (WebhookRegistry) async throws(SQLiteError) -> Void
    ) async throws(AdminRefusal) {
        let webhooks = try self.webhooks()
        let failure = try await self.act(on: id, from: before?.audited ?? .null, to: after?.audited ?? .null) {
            () async -> SQLiteError? in
            do throws(SQLiteError) {
                try await change(webhooks)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw .unavailable(failure) }
    }

    /// A webhook as the API shows it.
    ///
    /// - Parameter secret: A secret that was just made.
    func json(_ webhook: Webhook, secret: String? = nil) async throws(AdminRefusal) -> JSONValue {
        // The paths of URLs may be secrets, and everyone may see what is exposed.
        let showsURL = !webhook.isFromFile && self.request.surface == .admin
        let shown = webhook.settings.shown(showsURL: showsURL)
        guard case .object(var members) = shown, let status = try await self.webhooks().status(of: webhook.id) else {
            return shown
        }
        if let index = members.firstIndex(where: { $0.name == "id" }) {
            members.insert(members.remove(at: index), at: 0)
        }
        if let secret { members.append(.init(name: "secret", value: .string(secret))) }
        members += [
            .init(name: "source", value: webhook.isFromFile ? "file" : "api"),
            .init(name: "enabled", value: .boolean(status.disabled == nil)),
            .init(name: "disabled_reason", value: status.disabled.map { .string($0) } ?? .null),
            .init(
                name: "failing_since",
                value: status.failingSince.map { .string(CivilTime.rfc3339WithMilliseconds($0)) } ?? .null
            ),
            .init(name: "pending", value: .integer(status.pending)),
        ]
        return .object(members)
    }
}

extension AdminRefusal {
    /// 503: webhooks and deliveries cannot be read or changed.
    static func unavailable(_ error: SQLiteError) -> Self {
        let detail = "The store of webhooks cannot be used now: \(error)."
        return Self(error: GatewayError(.overloaded, detail: detail, retryAfter: 5))
    }
}

extension Webhook {
    /// For the audit log: of the URL, the host alone.
    fileprivate var audited: JSONValue {
        guard case .object(let members) = self.settings.shown(showsURL: false) else { return .null }
        return .object(members + [.init(name: "enabled", value: .boolean(self.isEnabled))])
    }
}

extension [APIParameter] {
    static let webhook: Self = [.path("id", "The ID of a webhook.", "ops")]
}
