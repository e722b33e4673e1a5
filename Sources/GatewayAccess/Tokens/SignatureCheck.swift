import Crypto
import FoundationEssentials
import GatewaySettings
import JWTKit

/// Verifies signatures with one key and one algorithm.
///
/// jwt-kit chooses among keys in a way that does not suit a gateway: it tries another key for an unknown `kid`, and a key
/// without `alg` keeps the algorithm of the first token. So each pair of key and algorithm gets a collection of its own,
/// which is only asked for what verifies signatures.
struct SignatureCheck: Sendable {
    let algorithm: TokenAlgorithm
    private let check: any JWTAlgorithm

    /// - Returns: Nil if the algorithm is for keys of another kind.
    init?(_ key: PublicKey, _ algorithm: TokenAlgorithm) {
        let check: (any JWTAlgorithm)? =
            switch (key, algorithm) {
            case (.rsa(let key), .rs256): Self.make { await $0.add(rsa: key, digestAlgorithm: .sha256) }
            case (.rsa(let key), .rs384): Self.make { await $0.add(rsa: key, digestAlgorithm: .sha384) }
            case (.rsa(let key), .rs512): Self.make { await $0.add(rsa: key, digestAlgorithm: .sha512) }
            case (.rsa(let key), .ps256): Self.make { await $0.add(pss: key, digestAlgorithm: .sha256) }
            case (.rsa(let key), .ps384): Self.make { await $0.add(pss: key, digestAlgorithm: .sha384) }
            case (.rsa(let key), .ps512): Self.make { await $0.add(pss: key, digestAlgorithm: .sha512) }
            case (.p256(let key), .es256): Self.make { await $0.add(ecdsa: key) }
            case (.p384(let key), .es384): Self.make { await $0.add(ecdsa: key) }
            case (.p521(let key), .es512): Self.make { await $0.add(ecdsa: key) }
            case (.ed25519(let key), .edDSA): Self.make { await $0.add(eddsa: key) }
            default: nil
            }
        guard let check else { return nil }
        self.algorithm = algorithm
        self.check = check
    }

    /// - Returns: Nil if the algorithm uses no secret, or the secret is shorter than its hash.
    init?(secret: [UInt8], _ algorithm: TokenAlgorithm) {
        guard let length = algorithm.hashLength, secret.count >= length else { return nil }
        let key = HMACKey(from: secret)
        let digest: DigestAlgorithm =
            switch algorithm {
            case .hs384: .sha384
            case .hs512: .sha512
            default: .sha256
            }
        guard let check = Self.make({ await $0.add(hmac: key, digestAlgorithm: digest) }) else { return nil }
        self.algorithm = algorithm
        self.check = check
    }

    private static func make(
        _ add: @escaping @Sendable (JWTKeyCollection) async -> Void
    ) -> (any JWTAlgorithm)? {
        CallingThread.run {
            let keys = JWTKeyCollection()
            await add(keys)
            return try? await keys.getKey()
        }
    }

    func accepts(_ signature: [UInt8], of signed: [UInt8]) -> Bool {
        // Errors say that the signature cannot be one: it has another length, or numbers out of range.
        (try? self.check.verify(signature, signs: signed)) ?? false
    }
}
