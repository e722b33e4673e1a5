/// An issuer of tokens with all its settings: `[auth.jwt]` itself, or one of its issuers with what it takes from there.
package struct TokenIssuer: Hashable, Sendable {
    /// Where the keys come from.
    package enum Keys: Hashable, Sendable {
        /// They are fetched through this service of ``GatewayConfiguration/services``.
        case url(ServiceURL, service: String, refresh: TimeSpan)
        case file(String)
        /// A file of keys in PEM.
        case pemFile(String)
        case pem(String)
        case secret(String)
        /// A mistake that has been reported.
        case none

        /// Whether these are public keys, which come from the issuer.
        package var isSecret: Bool { if case .secret = self { true } else { false } }
    }

    package let keys: Keys
    /// Empty for any issuer.
    package let name: String
    package let audience: [String]
    package let algorithms: [TokenAlgorithm]
    package let required: [String]
    package let leeway: TimeSpan
    package let consumerClaim: String
    package let planClaim: String
    package let scopeClaim: String
    package let cache: TimeSpan

    /// How long fetching keys may take.
    package static let fetchTimeout = TimeSpan.seconds(5)
    static let publicAlgorithms: [TokenAlgorithm] = [.rs256, .es256, .edDSA]
    static let secretAlgorithms: [TokenAlgorithm] = [.hs256]
}

extension JWTConfiguration {
    /// The issuers. `[auth.jwt]` is one if it has keys.
    package var allIssuers: [TokenIssuer] {
        let own = self.ownIssuer
        let all = own.keySources.isEmpty ? self.issuers : [own] + self.issuers
        return all.enumerated().map { self.issuer($0.element, number: $0.offset) }
    }

    private func issuer(_ issuer: JWTIssuerConfiguration, number: Int) -> TokenIssuer {
        let keys: TokenIssuer.Keys =
            if !issuer.secret.isEmpty {
                .secret(issuer.secret)
            } else if issuer.jwks != .missing {
                .url(issuer.jwks, service: "_auth_jwks_\(number)", refresh: issuer.refresh ?? self.refresh)
            } else if !issuer.jwksFile.isEmpty {
                .file(issuer.jwksFile)
            } else if !issuer.publicKey.isEmpty {
                issuer.publicKey.contains("-----BEGIN ") ? .pem(issuer.publicKey) : .pemFile(issuer.publicKey)
            } else {
                .none
            }
        return TokenIssuer(
            keys: keys,
            name: issuer.issuer,
            audience: issuer.audience ?? self.audience,
            algorithms: issuer.algorithms ?? self.algorithms
                ?? (keys.isSecret ? TokenIssuer.secretAlgorithms : TokenIssuer.publicAlgorithms),
            required: issuer.required ?? self.required,
            leeway: issuer.leeway ?? self.leeway,
            consumerClaim: issuer.consumerClaim ?? self.consumerClaim,
            planClaim: issuer.planClaim ?? self.planClaim,
            scopeClaim: issuer.scopeClaim ?? self.scopeClaim,
            cache: issuer.cache ?? self.cache
        )
    }
}

extension JWTIssuerConfiguration {
    /// The keys of the table that name a source of keys.
    var keySources: [String] {
        [
            ("jwks", self.jwks.description), ("jwks_file", self.jwksFile), ("public_key", self.publicKey),
            ("secret", self.secret),
        ]
        .filter { !$0.1.isEmpty }.map(\.0)
    }
}
