import GatewayCore
import GatewayHTTP
import GatewaySettings
import NIOCore

/// What a webhook's requests have in common.
struct WebhookRequest {
    private static let id = HeaderName("webhook-id")
    private static let timestamp = HeaderName("webhook-timestamp")
    private static let signature = HeaderName("webhook-signature")
    /// How much of a response is read, in bytes.
    private static let answerLimit = 64 * 1024

    private let webhook: Webhook
    /// The fields that the user set.
    private let fields: PreparedFields

    init(to webhook: Webhook) {
        self.webhook = webhook
        self.fields = PreparedFields { block in
            for (name, value) in webhook.settings.headers.sorted(by: { $0.key < $1.key }) {
                block.add(HeaderName(name), value.utf8)
            }
        }
    }

    /// Returns the request of one try.
    func request(_ attempt: WebhookAttempt) -> OutboundRequest {
        let settings = self.webhook.settings
        let body = WebhookBody(attempt.event, for: settings)
        var request = OutboundRequest(
            .post,
            path: settings.url.path,
            timeout: TimeAmount(settings.timeout),
            maxBody: Self.answerLimit
        )
        request.whenTooLarge = .truncate
        request.body = body.bytes
        request.fields = PreparedFields(self.fields, room: 256) { block in
            if !block.contains(.userAgent) {
                block.add(HeaderName(.userAgent), "gateway/\(GatewayVersion.current)".utf8)
            }
            if !block.contains(.contentType) { block.add(HeaderName(.contentType), body.contentType.utf8) }
            block.add(Self.id, attempt.id.utf8)
            block.add(Self.timestamp, "\(attempt.timestamp)".utf8)
            let signature = WebhookSignature.text(
                id: attempt.id,
                timestamp: attempt.timestamp,
                body: body.bytes,
                secrets: self.webhook.secrets(at: attempt.timestamp * 1000)
            )
            if let signature { block.add(Self.signature, signature.utf8) }
        }
        return request
    }
}
