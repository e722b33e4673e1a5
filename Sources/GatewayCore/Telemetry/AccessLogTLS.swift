import GatewayTLS

/// What the handshake of a connection agreed on, as the access log shows it.
package struct AccessLogTLS: Sendable {
    package var version: StaticString
    package var cipher: StaticString
    /// The name that the client asked for; nil if it asked for none.
    package var serverName: String?
    /// The subject of the client's certificate; nil if it has none.
    package var clientSubject: String?
    package var isResumed = false
}

extension Exchange {
    /// Nil if the client's connection is plain.
    package var accessLogTLS: AccessLogTLS? {
        guard let session = self.client?.tls else { return nil }
        return AccessLogTLS(
            version: session.version.name,
            cipher: session.cipher.name,
            serverName: session.serverName,
            clientSubject: session.clientCertificate?.subject,
            isResumed: session.isResumed
        )
    }
}
