import GatewayCore
import GatewaySettings
import GatewayTLS

/// The self-signed certificate of `gateway run --tls-self-signed`. It is made at the start, lasts as long as the process and
/// is never written to a file.
package struct DevelopmentCertificate: Sendable {
    /// The name in metrics and messages, in place of a path.
    package static let name = "self-signed"

    private let contents: CertificateContents

    /// Creates a certificate for this machine and the hosts of the addresses.
    package init(listen addresses: [ListenAddress]) throws {
        let hosts = addresses.compactMap { address in
            if case .host(let host, _) = address.location { host } else { nil }
        }
        let made = try SelfSignedCertificate(hosts: hosts, now: Platform.unixMilliseconds() / 1000)
        self.contents = CertificateContents(certificate: made.certificate, key: made.key)
    }

    /// Serves TLS with this certificate, in place of those of the configuration.
    package func apply(to configuration: inout GatewayConfiguration) {
        var certificate = CertificateConfiguration(certificate: Self.name, key: Self.name)
        certificate.contents = self.contents
        var tls = configuration.server.tls ?? TLSConfiguration()
        tls.certificate = ""
        tls.key = ""
        tls.certificates = [certificate]
        configuration.server.tls = tls
    }
}
