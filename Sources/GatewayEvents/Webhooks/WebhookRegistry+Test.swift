import GatewayCore
import GatewaySettings

extension WebhookRegistry {
    /// Sends `webhook.test` at once, even if the webhook is disabled, and returns what came of it; nil if there is no such
    /// webhook.
    ///
    /// - Parameter gateway: The gateway that sends it, as `HOST:PID`.
    package func test(_ id: String, gateway: String) async -> WebhookResult? {
        let now = Platform.unixMilliseconds()
        var ids = EventIDs()
        let event = Event(
            GatewayEvent("webhook.test", .info, topic: "gateway", ["webhook": .string(id)]),
            id: ids.next(at: now, random: .random(in: .min ... .max)),
            time: now,
            gateway: gateway
        )
        let attempt = WebhookAttempt(
            id: "\(DeliveryID(event.id, for: id))",
            type: event.type,
            event: event.json,
            timestamp: now / 1000
        )
        return await self.send(attempt, to: id)
    }
}
