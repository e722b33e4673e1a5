import Crypto
import Foundation
import GatewayHTTP
import NIOSSL
import SwiftASN1
import X509

/// A certificate authority made for a test. Nothing is written to disk unless a test does so.
struct TestAuthority {
    let certificate: Certificate
    private let key: Certificate.PrivateKey
    private let name: DistinguishedName

    init(_ name: String = "Test CA") throws {
        self.name = try DistinguishedName { CommonName(name) }
        self.key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        self.certificate = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: self.key.publicKey,
            notValidBefore: Date() - 86_400,
            notValidAfter: Date() + 30 * 86_400,
            issuer: self.name,
            subject: self.name,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true))
            },
            issuerPrivateKey: self.key
        )
    }

    /// The certificate in PEM.
    var pem: String { get throws { try self.certificate.serializeAsPEM().pemString } }

    /// The certificate as a trust root.
    var trustRoots: NIOSSLTrustRoots {
        get throws { .certificates(try NIOSSLCertificate.fromPEMBytes(Array(self.pem.utf8))) }
    }

    /// Issues a certificate.
    ///
    /// - Parameters:
    ///   - names: Host names and IP addresses.
    ///   - begin: When it becomes valid, relative to now.
    ///   - end: When it expires, relative to now.
    func issue(
        _ names: String...,
        subject: String = "test",
        from begin: TimeInterval = -3600,
        until end: TimeInterval = 20 * 86_400
    ) throws -> TestCertificate {
        let key = P256.Signing.PrivateKey()
        let certificate = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: Certificate.PublicKey(key.publicKey),
            notValidBefore: Date() + begin,
            notValidAfter: Date() + end,
            issuer: self.name,
            subject: try DistinguishedName { CommonName(subject) },
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                SubjectAlternativeNames(names.map(TestCertificate.generalName))
            },
            issuerPrivateKey: self.key
        )
        return TestCertificate(pem: try certificate.serializeAsPEM().pemString, key: key.pemRepresentation)
    }
}

/// A certificate with its key, in PEM.
struct TestCertificate: Sendable {
    let pem: String
    let key: String

    var chain: [NIOSSLCertificateSource] {
        get throws { try NIOSSLCertificate.fromPEMBytes(Array(self.pem.utf8)).map { .certificate($0) } }
    }

    var privateKey: NIOSSLPrivateKeySource {
        get throws { .privateKey(try NIOSSLPrivateKey(bytes: Array(self.key.utf8), format: .pem)) }
    }

    /// Writes `NAME.pem` and `NAME.key` into a folder.
    func write(as name: String, to folder: String) throws {
        try Data(self.pem.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name).pem"))
        try Data(self.key.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name).key"))
    }

    fileprivate static func generalName(_ name: String) -> GeneralName {
        guard let address = IPAddress(name) else { return .dnsName(name) }
        let low = withUnsafeBytes(of: address.low.bigEndian, Array.init)
        let bytes = address.isIPv6 ? withUnsafeBytes(of: address.high.bigEndian, Array.init) + low : low.suffix(4) + []
        return .ipAddress(ASN1OctetString(contentBytes: bytes[...]))
    }
}

extension String {
    /// Writes the text to a file.
    func write(to path: String) throws { try Data(self.utf8).write(to: URL(fileURLWithPath: path)) }
}
