import GatewayCore
import GatewayHTTP
import GatewaySettings
import NIOCore

/// The message that carries one event to Sentry: a header, the item's header and its payload, each on a line.
///
/// https://develop.sentry.dev/sdk/foundations/transport/envelopes/
enum SentryEnvelope {
    static let sdkName = "gateway"
    private static let authorization = HeaderName("X-Sentry-Auth")

    /// Returns an envelope.
    ///
    /// - Parameter time: When it is sent, in milliseconds since 1970.
    static func bytes(_ item: SentryQueue.Item, dsn: SentryDSN, time: Int64) -> ByteBuffer {
        let header: JSONValue = [
            "event_id": .string(item.id),
            "dsn": .string(dsn.publicForm),
            "sent_at": .string(CivilTime.rfc3339WithMilliseconds(time)),
            "sdk": ["name": .string(Self.sdkName), "version": .string(GatewayVersion.current)],
        ]
        let itemHeader: JSONValue = [
            "type": .string(item.category == .error ? "event" : "transaction"),
            // In bytes.
            "length": .integer(item.payload.readableBytes),
            "content_type": "application/json",
        ]
        var envelope = ByteBuffer(string: JSONText.text(header) + "\n" + JSONText.text(itemHeader) + "\n")
        envelope.writeImmutableBuffer(item.payload)
        envelope.writeString("\n")
        return envelope
    }

    /// Returns the request that posts an envelope.
    static func request(_ item: SentryQueue.Item, to dsn: SentryDSN, time: Int64) -> OutboundRequest {
        var request = OutboundRequest(.post, path: dsn.endpoint.path, timeout: .seconds(10), maxBody: 16 * 1024)
        request.whenTooLarge = .truncate
        let envelope = Self.bytes(item, dsn: dsn, time: time)
        let compressed = Gzip.compress(envelope)
        request.body = compressed ?? envelope
        let client = "\(Self.sdkName)/\(GatewayVersion.current)"
        var authorization = "Sentry sentry_version=7, sentry_client=\(client), sentry_key=\(dsn.key)"
        if !dsn.secret.isEmpty { authorization += ", sentry_secret=\(dsn.secret)" }
        request.fields = PreparedFields { fields in
            fields.add(HeaderName(.contentType), "application/x-sentry-envelope")
            if compressed != nil { fields.add(HeaderName(.contentEncoding), "gzip") }
            fields.add(HeaderName(.userAgent), client.utf8)
            fields.add(Self.authorization, authorization.utf8)
        }
        return request
    }
}
