package import GatewayHTTP
package import NIOSSL

/// The names that a certificate is valid for: its subject alternative names. The common name does not count (RFC 9525
/// section 2).
package struct CertificateNames: Sendable {
    package private(set) var dns: [CertificateName] = []
    package private(set) var addresses: [IPAddress] = []

    package init(_ certificate: NIOSSLCertificate) {
        for name in certificate._subjectAlternativeNames() {
            let contents = Array(name.contents)
            switch name.nameType {
            case .dnsName: self.dns.append(CertificateName(String(decoding: contents, as: UTF8.self)))
            case .ipAddress: if let address = Self.address(contents) { self.addresses.append(address) }
            default: break
            }
        }
    }

    private static func address(_ bytes: [UInt8]) -> IPAddress? {
        func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        switch bytes.count {
        case 4: return IPAddress(ipv4: UInt32(number(bytes[...])))
        case 16: return IPAddress(ipv6High: number(bytes[..<8]), low: number(bytes[8...]))
        default: return nil
        }
    }

    package func include(_ name: ServerName) -> Bool {
        switch name {
        case .dns(let name):
            let name = name.lowercased()
            return self.dns.contains { $0.matches(name) }
        case .address(let address): return self.addresses.contains(address)
        }
    }

    /// The names as text, for messages.
    package var description: String {
        (self.dns.map { "\($0)" } + self.addresses.map { "\($0)" }).joined(separator: ", ")
    }
}
