import Crypto
import FoundationEssentials
import GatewayHTTP
import SwiftASN1
import X509

/// A certificate that no authority vouches for, for development. It exists in memory only.
package struct SelfSignedCertificate: Sendable {
    /// In PEM.
    package let certificate: String
    /// In PEM.
    package let key: String
    /// The names that it is valid for.
    package let names: [String]

    /// How long the certificate is valid.
    private static let validity: TimeInterval = 365 * 86_400

    /// Creates a certificate with a new key.
    ///
    /// - Parameters:
    ///   - hosts: Names and IP addresses that it is valid for, in addition to those of this machine.
    ///   - now: Seconds since 1970.
    package init(hosts: [String], now: Int64) throws {
        var names = ["localhost", "127.0.0.1", "::1"]
        // No client asks for an address that means all interfaces.
        for host in hosts where !names.contains(host) && !["0.0.0.0", "::"].contains(host) { names.append(host) }
        let key = P256.Signing.PrivateKey()
        let start = Date(timeIntervalSince1970: TimeInterval(now))
        let name = try DistinguishedName {
            OrganizationName("Gateway")
            CommonName("self-signed for development")
        }
        let certificate = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: Certificate.PublicKey(key.publicKey),
            // Clocks of clients may be slow.
            notValidBefore: start - 3600,
            notValidAfter: start + Self.validity,
            issuer: name,
            subject: name,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                SubjectAlternativeNames(names.map(Self.generalName))
                try ExtendedKeyUsage([.serverAuth])
            },
            issuerPrivateKey: Certificate.PrivateKey(key)
        )
        self.certificate = try certificate.serializeAsPEM().pemString
        self.key = key.pemRepresentation
        self.names = names
    }

    private static func generalName(_ name: String) -> GeneralName {
        guard let address = IPAddress(name) else { return .dnsName(name) }
        let low = withUnsafeBytes(of: address.low.bigEndian, Array.init)
        let bytes = address.isIPv6 ? withUnsafeBytes(of: address.high.bigEndian, Array.init) + low : low.suffix(4) + []
        return .ipAddress(ASN1OctetString(contentBytes: bytes[...]))
    }
}
