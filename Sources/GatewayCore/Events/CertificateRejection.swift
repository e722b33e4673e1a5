import GatewaySettings
import Logging

/// Files of a certificate that have changed and cannot be used.
struct CertificateRejection: Sendable {
    /// The path as written.
    let file: String
    let reason: String
    /// The upstream that the certificate is for; nil if it is for clients.
    var upstream: String?

    /// Tells operators, in the log and by an event.
    func report(to log: Logger, _ events: any EventSink) {
        var metadata: Logger.Metadata = ["file": "\(self.file)", "reason": "\(self.reason)"]
        if let upstream = self.upstream { metadata["upstream"] = "\(upstream)" }
        log.error("certificate rejected; the previous one stays in use", metadata: metadata)
        var data: [String: JSONValue] = ["file": .string(self.file), "reason": .string(self.reason)]
        data["upstream"] = self.upstream.map { .string($0) }
        events.publish(GatewayEvent("tls.certificate_rejected", .warning, topic: "gateway", data))
    }
}
