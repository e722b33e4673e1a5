import GatewayAccess
import GatewaySettings
import Testing

@Suite struct TokenVerifierTests {
    private static let everything: [TokenAlgorithm] = [
        .rs256, .rs384, .rs512, .ps256, .ps384, .ps512, .es256, .es384, .es512, .edDSA,
    ]

    private static func settings(of algorithm: String) throws -> (JWTConfiguration, TokenKeySet) {
        let isSecret = algorithm.hasPrefix("HS")
        let settings = TokenForge.settings {
            $0.algorithms = isSecret ? [.hs256, .hs384, .hs512] : Self.everything
            $0.secret = isSecret ? ForeignTokens.secret : ""
            if !isSecret { $0.publicKey = "-----BEGIN PUBLIC KEY-----" }
        }
        let keys =
            isSecret
            ? TokenKeySet([
                try #require(TokenKey(secret: ForeignTokens.secret, algorithms: [.hs256, .hs384, .hs512]))
            ])
            : try #require(TokenKeySet(json: Array(ForeignTokens.jwks.utf8), algorithms: Self.everything))
        return (settings, keys)
    }

    @Test(arguments: ForeignTokens.all.indices) func `accepts tokens that other libraries made`(_ index: Int) throws {
        let (maker, algorithm, token) = ForeignTokens.all[index]
        let (settings, keys) = try Self.settings(of: algorithm)
        let verified = try TokenForge.verify(token, settings, keys: keys).get()
        #expect(verified.consumer == "acme", "\(maker) \(algorithm)")
        #expect(verified.plan == "admin")
        #expect(verified.scope == ["read", "write"])
    }

    @Test(arguments: ForeignTokens.all.indices) func `refuses them with one bit changed`(_ index: Int) throws {
        let (_, algorithm, token) = ForeignTokens.all[index]
        let (settings, keys) = try Self.settings(of: algorithm)
        let parts = token.split(separator: ".")
        let claims = parts[1].replacing("YXBpIiwi", with: "YXBqIiwi")
        let first = parts[2].first == "A" ? "B" : "A"
        for changed in [
            "\(parts[0]).\(parts[1]).\(first)\(parts[2].dropFirst())", "\(parts[0]).\(claims).\(parts[2])x",
        ] {
            #expect(TokenForge.verdict(changed, settings, keys: keys) != "accepted")
        }
        #expect(
            TokenForge.verdict("\(parts[0]).\(parts[1]).\(first)\(parts[2].dropFirst())", settings, keys: keys)
                == "wrong signature"
        )
    }

    @Test(arguments: ForeignTokens.pems.indices) func `reads public keys in PEM`(_ index: Int) throws {
        let (name, pem) = ForeignTokens.pems[index]
        let keys = try #require(TokenKeySet(pem: pem, algorithms: Self.everything))
        #expect(keys.keys.count == 1)
        let (settings, all) = try Self.settings(of: "RS256")
        for (_, algorithm, token) in ForeignTokens.all where !algorithm.hasPrefix("HS") {
            let suits = TokenForge.verdict(token, settings, keys: keys) == "accepted"
            let kinds = [
                "rsa": ["RS", "PS"], "p256": ["ES256"], "p384": ["ES384"], "p521": ["ES512"], "ed25519": ["Ed"],
            ]
            #expect(suits == kinds[name]?.contains { algorithm.hasPrefix($0) })
        }
        #expect(all.keys.count == ForeignTokens.pems.count)
    }

    @Test func `only the configured algorithms are accepted`() throws {
        let (settings, keys) = try Self.settings(of: "RS256")
        var narrow = settings
        narrow.algorithms = [.es256]
        for (_, algorithm, token) in ForeignTokens.all where algorithm != "ES256" {
            #expect(TokenForge.verdict(token, narrow, keys: keys) == "wrong algorithm", "\(algorithm)")
        }
    }

    @Test func `several issuers have their own keys, and iss chooses among them`() {
        var other = JWTIssuerConfiguration()
        other.secret = "another secret of thirty-two bytes or more"
        other.issuer = "https://other.example"
        let settings = TokenForge.settings { $0.issuers = [other] }
        let claims = #"{"iss":"https://other.example","sub":"acme","aud":"api","exp":1800000600}"#
        #expect(TokenForge.verdict(TokenForge.token(), settings) == "accepted")
        let foreign = TokenForge.token(TokenForge.head, claims, secret: other.secret)
        let keys = TokenKeySet([TokenKey(secret: other.secret, algorithms: [.hs256])].compactMap { $0 })
        #expect(TokenForge.verdict(foreign, settings, keys: keys) == "accepted")
        // The keys of one issuer do not sign for another.
        #expect(
            TokenForge.verdict(TokenForge.token(TokenForge.head, claims), settings, keys: keys) == "wrong signature"
        )
        let unknown = claims.replacing("other.example", with: "third.example")
        #expect(TokenForge.verdict(TokenForge.token(TokenForge.head, unknown), settings) == "wrong issuer")
    }

    @Test func `says what a token is missing`() {
        #expect(TokenForge.verdict(TokenForge.token(), keys: nil) == "no keys")
        let named = #"{"alg":"HS256","kid":"2026"}"#
        #expect(TokenForge.verdict(TokenForge.token(named)) == "accepted", "a key without a name may be meant")
    }
}
