@testable import GatewayTLS

extension TLSSession {
    /// A session with a certificate of the client.
    ///
    /// - Parameter subject: The subject of the client's certificate; nil for no certificate.
    static func fixture(subject: String? = "CN=ann,O=Acme") throws -> TLSSession {
        let generated = try SelfSignedCertificate(hosts: [], now: 1_700_000_000)
        return TLSSession(
            version: .tls13,
            cipher: TLSCipherName(rawValue: 0x1301),
            serverName: "a.example",
            isResumed: false,
            clientCertificate: subject.map { ClientCertificate(der: [0x00, 0xFF, 0x10, 0x80], subject: $0) },
            certificate: try ServerCertificate(
                name: "cert.pem",
                certificate: Array(generated.certificate.utf8),
                key: Array(generated.key.utf8)
            )
        )
    }
}
