import Crypto
package import GatewaySettings

/// A key that verifies tokens.
package struct TokenKey: Sendable {
    /// Tells keys apart by what they are made of: the same key under the same name is the same, however often it is read.
    package struct ID: Hashable, Sendable {
        private let digest: KeyDigest

        init(_ text: String) {
            var text = text
            self.digest = text.withUTF8 { KeyDigest(of: UnsafeRawBufferPointer($0)) }
        }
    }

    package let id: ID
    /// The name by which tokens ask for the key.
    let name: String?
    private let checks: [SignatureCheck]

    /// - Parameter algorithms: At most these.
    init?(_ key: PublicKey, id: ID, name: String? = nil, algorithms: [TokenAlgorithm]) {
        let suitable = key.algorithms.filter { algorithms.contains($0) }
        self.init(id: id, name: name, suitable.compactMap { SignatureCheck(key, $0) })
    }

    package init?(secret: String, algorithms: [TokenAlgorithm]) {
        let bytes = Array(secret.utf8)
        self.init(id: ID("secret:\(secret)"), name: nil, algorithms.compactMap { SignatureCheck(secret: bytes, $0) })
    }

    private init?(id: ID, name: String?, _ checks: [SignatureCheck]) {
        guard !checks.isEmpty else { return nil }
        self.id = id
        self.name = name
        self.checks = checks
    }

    /// Whether the key is for this algorithm. Asked anew for each token.
    func suits(_ algorithm: TokenAlgorithm) -> Bool { self.checks.contains { $0.algorithm == algorithm } }

    func accepts(_ token: SignedToken) -> Bool {
        guard let check = self.checks.first(where: { $0.algorithm == token.head.algorithm }) else { return false }
        return check.accepts(token.signature, of: token.signed)
    }
}
