package import NIOSSL
import SwiftASN1
import X509

/// A certificate with its chain and key, ready for handshakes.
package final class ServerCertificate: Sendable {
    /// The path of the file as written in the configuration. Metrics and messages use it.
    package let name: String
    /// The names that the certificate is valid for, in lowercase: `a.example`, `*.b.example`, `192.0.2.1`.
    package let names: [CertificateName]
    /// Names that choose this certificate. Those of the certificate, unless the configuration lists others.
    package let choosingNames: [CertificateName]
    /// Seconds since 1970.
    package let notBefore: Int64
    /// Seconds since 1970.
    package let notAfter: Int64
    /// Whether a certificate in the file was not issued by the one that follows it.
    package let isChainBroken: Bool
    /// Whether it is its own issuer.
    package let isSelfSigned: Bool
    /// What a handshake presents.
    package let presented: NIOSSLContextConfigurationOverride
    /// The certificates in the file, in DER. Tells whether a file has other contents.
    package let chain: [[UInt8]]

    /// Reads a certificate.
    ///
    /// - Parameters:
    ///   - name: The path of the certificate as written.
    ///   - certificate: The contents of the certificate file, in PEM: the certificate, then its intermediate certificates.
    ///   - key: The contents of the key file, in PEM.
    ///   - sni: Names that choose the certificate. Empty: its own.
    package init(
        name: String,
        certificate: [UInt8],
        key: [UInt8],
        sni: [String] = []
    ) throws(CertificateProblem) {
        let chain = try PEMText.certificates(certificate)
        let privateKey = try PEMText.privateKey(key)
        var presented = NIOSSLContextConfigurationOverride()
        presented.certificateChain = chain.map { .certificate($0) }
        presented.privateKey = .privateKey(privateKey)
        guard Self.fits(chain, privateKey) else { throw .foreignKey }
        let parsed: [Certificate]
        do {
            self.chain = try chain.map { try $0.toDERBytes() }
            parsed = try self.chain.map { try Certificate(derEncoded: $0) }
        } catch {
            throw .malformedCertificate
        }
        guard let leaf = parsed.first else { throw .noCertificate }
        self.name = name
        self.names = CertificateName.names(of: leaf)
        self.choosingNames = sni.isEmpty ? self.names : sni.map { CertificateName($0) }
        self.notBefore = Int64(chain[0].notValidBefore)
        self.notAfter = Int64(chain[0].notValidAfter)
        self.isChainBroken = !zip(parsed, parsed.dropFirst()).allSatisfy { certificate, issuer in
            certificate.issuer == issuer.subject
                && issuer.publicKey.isValidSignature(certificate.signature, for: certificate)
        }
        self.isSelfSigned = leaf.issuer == leaf.subject
        self.presented = presented
    }

    /// Whether the key is that of the first certificate. Only the TLS library knows all types of keys.
    private static func fits(_ chain: [NIOSSLCertificate], _ key: NIOSSLPrivateKey) -> Bool {
        let sources = chain.map { NIOSSLCertificateSource.certificate($0) }
        let configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: sources,
            privateKey: .privateKey(key)
        )
        return (try? NIOSSLContext(configuration: configuration)) != nil
    }

    /// Whether the certificate is valid for a host or is configured for it. The host is a name or an IP address, in lowercase.
    package func covers(_ host: some StringProtocol) -> Bool {
        self.names.contains { $0.matches(host) } || self.choosingNames.contains { $0.matches(host) }
    }
}

/// Why a certificate or its key cannot be used.
package enum CertificateProblem: Error, Hashable, Sendable {
    case noCertificate
    case malformedCertificate
    case noKey
    case malformedKey
    case encryptedKey
    /// The key belongs to another certificate.
    case foreignKey
}

extension CertificateProblem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noCertificate: "the file contains no PEM certificate"
        case .malformedCertificate: "the certificate is malformed"
        case .noKey: "the file contains no PEM private key"
        case .malformedKey: "the private key is malformed"
        case .encryptedKey: "the private key is encrypted"
        case .foreignKey: "the private key belongs to another certificate"
        }
    }

    /// Whether the problem is in the key file.
    package var isInKey: Bool {
        switch self {
        case .noCertificate, .malformedCertificate: false
        case .noKey, .malformedKey, .encryptedKey, .foreignKey: true
        }
    }
}
