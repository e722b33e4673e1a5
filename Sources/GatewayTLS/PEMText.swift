package import NIOSSL

/// Reads certificates and keys from PEM text (RFC 7468). The TLS library's own readers of files trap on files that are
/// not what their names say, so that the files are read first and judged here.
package enum PEMText {
    /// Returns all certificates of a text, in their order.
    package static func certificates(_ text: [UInt8]) throws(CertificateProblem) -> [NIOSSLCertificate] {
        guard self.contains("-----BEGIN CERTIFICATE-----", text) else { throw .noCertificate }
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(text), !certificates.isEmpty else {
            throw .malformedCertificate
        }
        return certificates
    }

    /// Returns all certificates of a text in DER.
    package static func authorities(_ text: [UInt8]) throws(CertificateProblem) -> [[UInt8]] {
        let certificates = try self.certificates(text)
        do { return try certificates.map { try $0.toDERBytes() } } catch { throw .malformedCertificate }
    }

    /// Returns the private key of a text. It may follow other contents, such as the parameters of a curve.
    package static func privateKey(_ text: [UInt8]) throws(CertificateProblem) -> NIOSSLPrivateKey {
        guard self.contains("PRIVATE KEY-----", text) else { throw .noKey }
        if self.contains("ENCRYPTED", text) { throw .encryptedKey }
        guard let key = try? NIOSSLPrivateKey(bytes: text, format: .pem) else { throw .malformedKey }
        return key
    }

    private static func contains(_ word: StaticString, _ text: [UInt8]) -> Bool {
        let word = word.withUTF8Buffer { Array($0) }
        return text.indices.contains { index in
            text[index] == word[0] && text[index...].starts(with: word)
        }
    }
}
