package import NIOCore
package import NIOSSL

/// What a listener needs for handshakes. All event loops share it.
///
/// The context holds the keys that encrypt session tickets, so it is kept as long as sessions may be resumed: while
/// certificates are renewed and configurations reloaded. It has no certificate, because each handshake chooses one. A
/// resumed session's client certificate is not verified again, so other authorities need another context
/// (CVE-2025-23419, CVE-2025-68121).
package final class ServerTLS: Sendable {
    package let settings: Settings
    package let certificates: CertificateStore
    private let context: NIOSSLContext

    package struct Settings: Hashable, Sendable {
        /// What sessions depend on. A session is resumed only while this stays the same.
        package var sessions = Sessions()
        package var handshakeTimeout = TimeAmount.seconds(10)
        /// Whether handshakes fail unless a certificate has the name that the client asks for.
        package var isStrict = false

        package init() {}
    }

    package struct Sessions: Hashable, Sendable {
        package var minimumVersion = TLSVersionName.tls12
        /// The protocols to offer (RFC 7301), the preferred one first.
        package var protocols = ["h2", "http/1.1"]
        /// The authorities that issue client certificates, in DER. Empty: clients are not asked for one.
        package var clientAuthorities: [[UInt8]] = []
        package var requiresClientCertificate = true

        package init() {}
    }

    /// Creates a context. This takes long; never do it on an event loop.
    package init(_ settings: Settings, _ certificates: CertificateTable) throws {
        let store = CertificateStore(certificates)
        self.settings = settings
        self.certificates = store
        self.context = try Self.makeContext(settings.sessions, store)
    }

    private init(_ settings: Settings, _ other: ServerTLS) {
        self.settings = settings
        self.certificates = other.certificates
        self.context = other.context
    }

    /// Returns the same sessions and certificates with other settings; nil if sessions must not be resumed under them.
    package func with(_ settings: Settings) -> ServerTLS? {
        settings.sessions == self.settings.sessions ? ServerTLS(settings, self) : nil
    }

    /// Creates the handler for a connection.
    package func makeHandler() -> NIOSSLServerHandler { NIOSSLServerHandler(context: self.context) }

    private static func makeContext(_ sessions: Sessions, _ store: CertificateStore) throws -> NIOSSLContext {
        // The configuration of a client, because that of a server insists on a certificate.
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        configuration.minimumTLSVersion = sessions.minimumVersion == .tls13 ? .tlsv13 : .tlsv12
        configuration.cipherSuiteValues = Self.cipherSuites
        configuration.renegotiationSupport = .none
        configuration.applicationProtocols = sessions.protocols
        configuration.shutdownTimeout = .zero
        configuration.sslContextCallback = { values, promise in
            let name = values.serverHostname.map(ClientHello.normalized)
            if let choice = store.table.choose(name) {
                promise.succeed(choice.certificate.presented)
            } else {
                promise.fail(CertificateProblem.noCertificate)
            }
        }
        if !sessions.clientAuthorities.isEmpty {
            let authorities = try sessions.clientAuthorities.map { try NIOSSLCertificate(bytes: $0, format: .der) }
            configuration.trustRoots = .certificates(authorities)
            configuration.certificateVerification =
                sessions.requiresClientCertificate ? .noHostnameVerification : .optionalVerification
            configuration.sendCANameList = true
        }
        return try NIOSSLContext(configuration: configuration)
    }

    /// The cipher suites of TLS 1.2: ephemeral keys and authenticated encryption only (RFC 9325 section 4.2). TLS 1.3 has
    /// no others.
    static let cipherSuites: [NIOTLSCipher] = [
        .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ]
}
