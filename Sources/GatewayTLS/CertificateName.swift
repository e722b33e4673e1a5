import GatewayHTTP
import SwiftASN1
import X509

/// A name that a certificate is valid for: a host name, a wildcard for one label, or an IP address.
package struct CertificateName: Hashable, Sendable {
    /// In lowercase, without `*.`.
    package let name: String
    package let isWildcard: Bool

    package init(_ text: some StringProtocol) {
        let text = text.lowercased()
        self.isWildcard = text.hasPrefix("*.")
        self.name = self.isWildcard ? String(text.dropFirst(2)) : text
    }

    /// Whether the name is, or covers, a host in lowercase. A wildcard stands for exactly one label (RFC 9525 section 6.3).
    package func matches(_ host: some StringProtocol) -> Bool {
        guard self.isWildcard else { return host == self.name }
        guard let dot = host.firstIndex(of: "."), dot != host.startIndex else { return false }
        return host[host.index(after: dot)...] == self.name
    }

    /// The names in a certificate: its alternative names, or without any the common name.
    static func names(of certificate: Certificate) -> [CertificateName] {
        let alternatives = (try? certificate.extensions.subjectAlternativeNames).flatMap { $0 }
        guard let alternatives, !alternatives.isEmpty else {
            return self.commonNames(of: certificate).map { CertificateName($0) }
        }
        return alternatives.compactMap { name in
            switch name {
            case .dnsName(let name): CertificateName(name)
            case .ipAddress(let bytes): self.address(Array(bytes.bytes)).map { CertificateName($0) }
            default: nil
            }
        }
    }

    private static func commonNames(of certificate: Certificate) -> [String] {
        certificate.subject.flatMap { part in
            part.compactMap { $0.type == .RDNAttributeType.commonName ? String($0.value) : nil }
        }
    }

    private static func address(_ bytes: [UInt8]) -> String? {
        if bytes.count == 4 { return bytes.map { "\($0)" }.joined(separator: ".") }
        guard bytes.count == 16 else { return nil }
        let groups = stride(from: 0, to: 16, by: 2).map { index in
            String(UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1]), radix: 16)
        }
        return IPAddress(groups.joined(separator: ":")).map { "\($0)" }
    }
}

extension CertificateName: CustomStringConvertible {
    package var description: String { (self.isWildcard ? "*." : "") + self.name }
}
