import GatewaySettings
import JWTKit

/// The public key of an issuer.
enum PublicKey: Sendable {
    case rsa(Insecure.RSA.PublicKey)
    case p256(ES256PublicKey)
    case p384(ES384PublicKey)
    case p521(ES512PublicKey)
    case ed25519(EdDSA.PublicKey)

    /// The algorithms that keys of this kind are for (RFC 7518 section 3.1).
    var algorithms: [TokenAlgorithm] {
        switch self {
        case .rsa: [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512]
        case .p256: [.es256]
        case .p384: [.es384]
        case .p521: [.es512]
        case .ed25519: [.edDSA]
        }
    }

    // MARK: JSON Web Keys

    /// The lengths of RSA keys in bits. Longer ones would make each token expensive.
    private static let rsaLengths = 2048...8192

    /// Reads the key of a JSON Web Key (RFC 7518 section 6, RFC 8037 section 2). Nil if it is of another kind, or unsafe.
    init?(jwk: JSONValue) {
        switch (jwk["kty"], jwk["crv"]) {
        case (.string("RSA")?, _):
            guard let n = jwk.base64URL("n"), let e = jwk.base64URL("e") else { return nil }
            let bits = n.bytes.drop { $0 == 0 }
            guard let first = bits.first, Self.rsaLengths.contains(bits.count * 8 - first.leadingZeroBitCount) else {
                return nil
            }
            // An exponent of 1 leaves messages as they are, and an even one has no private key.
            guard e.bytes.count <= 8, let last = e.bytes.last, last & 1 == 1, e.bytes.reduce(0, { $0 + Int($1) }) > 1
            else { return nil }
            guard let key = try? Insecure.RSA.PublicKey(modulus: n.text, exponent: e.text) else { return nil }
            self = .rsa(key)
        case (.string("EC")?, .string("P-256")?):
            guard let point = jwk.point(length: 32), let key = try? ES256PublicKey(parameters: point) else {
                return nil
            }
            self = .p256(key)
        case (.string("EC")?, .string("P-384")?):
            guard let point = jwk.point(length: 48), let key = try? ES384PublicKey(parameters: point) else {
                return nil
            }
            self = .p384(key)
        case (.string("EC")?, .string("P-521")?):
            guard let point = jwk.point(length: 66), let key = try? ES512PublicKey(parameters: point) else {
                return nil
            }
            self = .p521(key)
        case (.string("OKP")?, .string("Ed25519")?):
            guard let x = jwk.base64URL("x"), x.bytes.count == 32, !Ed25519SmallOrder.contains(x.bytes) else {
                return nil
            }
            guard let key = try? EdDSA.PublicKey(x: x.text, curve: .ed25519) else { return nil }
            self = .ed25519(key)
        default: return nil
        }
    }

    // MARK: PEM

    /// Reads a public key, or the key of a certificate. Nil if it is of another kind, or unsafe.
    init?(pem: String) {
        if pem.contains("-----BEGIN CERTIFICATE-----") {
            if let key = try? Insecure.RSA.PublicKey(certificatePEM: pem) {
                self = .rsa(key)
            } else if let key = try? ES256PublicKey(certificate: pem) {
                self = .p256(key)
            } else if let key = try? ES384PublicKey(certificate: pem) {
                self = .p384(key)
            } else if let key = try? ES512PublicKey(certificate: pem) {
                self = .p521(key)
            } else {
                return nil
            }
        } else if let key = try? Insecure.RSA.PublicKey(pem: pem) {
            self = .rsa(key)
        } else if let key = try? ES256PublicKey(pem: pem) {
            self = .p256(key)
        } else if let key = try? ES384PublicKey(pem: pem) {
            self = .p384(key)
        } else if let key = try? ES512PublicKey(pem: pem) {
            self = .p521(key)
        } else if let key = try? EdDSA.PublicKey(pem: pem) {
            self = .ed25519(key)
        } else {
            return nil
        }
    }
}

extension JSONValue {
    /// A member that is Base64 for URLs.
    fileprivate func base64URL(_ name: String) -> (text: String, bytes: [UInt8])? {
        guard case .string(let text)? = self[name], let bytes = Base64URL.decode(text) else { return nil }
        return (text, bytes)
    }

    /// The coordinates of a point, which have the length of the curve's field (RFC 7518 section 6.2.1.2).
    fileprivate func point(length: Int) -> ECDSAParameters? {
        guard let x = self.base64URL("x"), let y = self.base64URL("y") else { return nil }
        guard x.bytes.count == length, y.bytes.count == length else { return nil }
        return (x.text, y.text)
    }
}
