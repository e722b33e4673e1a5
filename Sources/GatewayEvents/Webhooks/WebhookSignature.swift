import Crypto
import GatewayHTTP
package import GatewaySettings
package import NIOCore

/// The value of `webhook-signature` (Standard Webhooks): `v1,` and base64 for each secret, separated by blanks.
package enum WebhookSignature {
    /// - Parameters:
    ///   - id: `webhook-id`.
    ///   - timestamp: `webhook-timestamp`, in seconds since 1970.
    ///   - body: What is sent.
    /// - Returns: Nil without secrets.
    package static func text(
        id: String,
        timestamp: Int64,
        body: ByteBuffer,
        secrets: [WebhookSecret]
    ) -> String? {
        if secrets.isEmpty { return nil }
        let bytes = Array("\(id).\(timestamp).".utf8) + Array(body.readableBytesView)
        return secrets.map { secret in
            var code = HMAC<SHA256>(key: SymmetricKey(data: secret.key))
            code.update(data: bytes)
            return "v1," + String(decoding: Base64.encode(code.finalize()), as: UTF8.self)
        }.joined(separator: " ")
    }
}
