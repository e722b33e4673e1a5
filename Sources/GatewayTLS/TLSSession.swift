import GatewayHTTP
import SwiftASN1
import X509

/// What the handshake of a client's connection agreed on. All requests of the connection share it.
package final class TLSSession: Sendable {
    /// The version as in logs: `1.2`, `1.3`.
    package let version: TLSVersionName
    package let cipher: TLSCipherName
    /// The name that the client asked for, in lowercase. Nil if it asked for none.
    package let serverName: String?
    /// Whether an earlier session was resumed.
    package let isResumed: Bool
    /// The client's certificate; nil if it has none.
    package let clientCertificate: ClientCertificate?
    /// The certificate that the gateway presented.
    package let certificate: ServerCertificate
    /// Whether requests may only name hosts of the certificate.
    package let isStrict: Bool

    package init(
        version: TLSVersionName,
        cipher: TLSCipherName,
        serverName: String?,
        isResumed: Bool,
        clientCertificate: ClientCertificate?,
        certificate: ServerCertificate,
        isStrict: Bool = false
    ) {
        self.version = version
        self.cipher = cipher
        self.serverName = serverName
        self.isResumed = isResumed
        self.clientCertificate = clientCertificate
        self.certificate = certificate
        self.isStrict = isStrict
    }

    /// Whether requests for a host, in lowercase and without a port, belong on this connection.
    package func serves(_ host: some StringProtocol) -> Bool { !self.isStrict || self.certificate.covers(host) }
}

/// A certificate that a client presented and an authority of `client_ca` vouches for.
package struct ClientCertificate: Hashable, Sendable {
    package let der: [UInt8]
    /// The subject as in RFC 4514: `CN=ann,O=Acme`.
    package let subject: String
    /// The value of `Client-Cert` (RFC 9440 section 2.2).
    package let field: [UInt8]

    package init(der: [UInt8], subject: String) {
        self.der = der
        self.subject = subject
        self.field = [UInt8(ascii: ":")] + Base64.encode(der) + [UInt8(ascii: ":")]
    }

    /// Reads the subject of a certificate that the TLS library has verified.
    package init(_ der: [UInt8]) {
        self.init(der: der, subject: (try? Certificate(derEncoded: der))?.subject.text ?? "")
    }
}

/// A version of TLS that a connection uses.
package enum TLSVersionName: UInt16, Sendable {
    case tls12 = 0x0303
    case tls13 = 0x0304

    /// As in logs and metrics.
    package var name: StaticString {
        switch self {
        case .tls12: "1.2"
        case .tls13: "1.3"
        }
    }
}

/// The cipher suite of a connection, by its number in the registry of IANA.
package struct TLSCipherName: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The name in IANA's registry.
    package var name: StaticString {
        switch self.rawValue {
        case 0x1301: "TLS_AES_128_GCM_SHA256"
        case 0x1302: "TLS_AES_256_GCM_SHA384"
        case 0x1303: "TLS_CHACHA20_POLY1305_SHA256"
        case 0xC02B: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
        case 0xC02C: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
        case 0xC02F: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
        case 0xC030: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
        case 0xCCA8: "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"
        case 0xCCA9: "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
        default: "unknown"
        }
    }
}
