/// A certificate and its key in memory. A configuration file cannot contain them.
package struct CertificateContents: Hashable, Sendable {
    /// In PEM. Empty: the certificate is in a file.
    package var certificate = ""
    /// In PEM.
    package var key = ""

    package init() {}

    package init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}

extension CertificateContents: Codable {
    package init(from decoder: any Decoder) {}
    package func encode(to encoder: any Encoder) {}
}
