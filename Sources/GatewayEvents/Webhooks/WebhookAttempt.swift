package import NIOCore

/// One try to deliver an event to a webhook.
package struct WebhookAttempt: Sendable {
    /// `webhook-id`: the same on every try.
    package var id: String
    /// The type of the event.
    package var type: String
    /// The event as JSON, which ``Webhook/settings`` turn into the body.
    package var event: ByteBuffer
    /// When it is sent, in seconds since 1970.
    package var timestamp: Int64
}

/// How a try ended.
package struct WebhookResult: Hashable, Sendable {
    /// Nil if there was no response.
    package var status: Int?
    /// In milliseconds.
    package var duration: Int64
    /// Why there was no usable response, without anything of the URL but its host.
    package var error: String?
    /// The start of the response's body, for tests only.
    package var answer = ""
    /// `Retry-After` in seconds.
    package var retryAfter: Int?

    package var isDelivered: Bool { self.status.map { (200..<300).contains($0) } ?? false }
}

/// Sends tries. It belongs to the event loop of the events.
package protocol WebhookSending: AnyObject {
    /// Replaces the webhooks that can be sent to.
    func update(_ webhooks: [Webhook])

    /// - Parameter completion: Called once on the event loop, possibly before this method returns.
    func send(_ attempt: WebhookAttempt, to webhook: Webhook, then completion: @escaping (WebhookResult) -> Void)
}
