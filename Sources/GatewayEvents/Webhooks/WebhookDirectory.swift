package import GatewaySettings

/// A webhook, and how its deliveries go.
package struct WebhookReport: Hashable, Sendable {
    package var webhook: Webhook
    /// Why it is disabled; nil if it is enabled.
    package var disabled: String?
    /// Since when everything fails, in milliseconds since 1970; nil if the last try succeeded.
    package var failingSince: Int64?
    /// The number of deliveries that wait.
    package var pending = 0

    package init(_ webhook: Webhook) { self.webhook = webhook }
}

/// Why webhooks cannot be read or changed.
package struct WebhookStoreError: Error, Hashable, Sendable {
    package var reason: String

    package init(_ reason: String) { self.reason = reason }
}

/// All webhooks, with what they get.
package protocol WebhookDirectory: Sendable {
    /// By ID.
    func webhooks() async throws(WebhookStoreError) -> [WebhookReport]
    /// Adds or replaces a webhook of the API.
    func put(_ webhook: Webhook) async throws(WebhookStoreError)
    /// Deletes a webhook of the API, and its deliveries.
    func delete(_ id: String) async throws(WebhookStoreError)
    func set(_ id: String, isEnabled: Bool) async throws(WebhookStoreError)
    /// Sends `webhook.test` now, whether the webhook is enabled or not.
    func test(_ webhook: Webhook) async throws(WebhookStoreError) -> WebhookResult
    /// The newest first.
    func deliveries(
        of id: String,
        status: String?,
        before cursor: Int64?,
        limit: Int
    ) async throws(WebhookStoreError) -> [JSONValue]
    /// Makes a delivery due again. Returns whether there is one.
    func redeliver(_ delivery: String, of id: String) async throws(WebhookStoreError) -> Bool
}
