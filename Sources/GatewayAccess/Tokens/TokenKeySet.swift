package import GatewaySettings

/// The keys of one issuer.
package final class TokenKeySet: Sendable {
    /// The most keys of one set. A token without `kid` is tried with all of them.
    private static let maximumCount = 64

    package let keys: [TokenKey]

    package init(_ keys: [TokenKey]) { self.keys = keys }

    /// Reads a JSON Web Key Set (RFC 7517 section 5) key by key: what is no key for these algorithms is skipped, so that
    /// an issuer can add keys of new kinds.
    ///
    /// - Returns: Nil if the text is no key set, or has no such key. What an issuer publishes by mistake must not lock out
    ///   everybody.
    package convenience init?(json: [UInt8], algorithms: [TokenAlgorithm]) {
        guard let set = try? StrictJSON.parse(json), case .array(let entries)? = set["keys"] else { return nil }
        let keys = entries.lazy.compactMap { TokenKey(jwk: $0, algorithms: algorithms) }.prefix(Self.maximumCount)
        if keys.isEmpty { return nil }
        self.init(Array(keys))
    }

    /// Reads one or more public keys or certificates in PEM.
    ///
    /// - Returns: Nil if none of them is a key for these algorithms.
    package convenience init?(pem: String, algorithms: [TokenAlgorithm]) {
        let keys = Self.blocks(of: pem).prefix(Self.maximumCount).compactMap { block in
            PublicKey(pem: block).flatMap { TokenKey($0, id: TokenKey.ID(block), algorithms: algorithms) }
        }
        if keys.isEmpty { return nil }
        self.init(keys)
    }

    private static func blocks(of pem: String) -> [String] {
        var blocks: [String] = []
        var rest = pem[...]
        while let start = rest.firstRange(of: "-----BEGIN "), let end = rest.firstRange(of: "-----END "),
            start.lowerBound < end.lowerBound,
            let close = rest[end.upperBound...].firstRange(of: "-----")
        {
            blocks.append(String(rest[start.lowerBound..<close.upperBound]))
            rest = rest[close.upperBound...]
        }
        return blocks
    }

    package func contains(_ id: TokenKey.ID) -> Bool { self.keys.contains { $0.id == id } }

    package enum OnToken {
        case verified(TokenKey.ID)
        /// There is no key of the token's name.
        case unknownKey
        case refused(TokenRefusal)
    }

    /// Verifies the signature of a token.
    package func verify(_ token: SignedToken) -> OnToken {
        var isKnown = token.head.keyID == nil
        var isSuitable = false
        for key in self.keys {
            if let wanted = token.head.keyID, let name = key.name {
                guard name.utf8.elementsEqual(wanted.utf8) else { continue }
                isKnown = true
            }
            // A key without a name may be the one that is meant.
            guard key.suits(token.head.algorithm) else { continue }
            isSuitable = true
            if key.accepts(token) { return .verified(key.id) }
        }
        if !isKnown { return .unknownKey }
        return .refused(isSuitable ? .wrongSignature : .wrongAlgorithm)
    }
}

extension TokenKey {
    /// Reads a JSON Web Key (RFC 7517 section 4). Nil if it is no key for signatures of these algorithms.
    init?(jwk: JSONValue, algorithms: [TokenAlgorithm]) {
        guard case .object = jwk, let key = PublicKey(jwk: jwk) else { return nil }
        switch jwk["use"] {
        case nil, .string("sig")?: break
        default: return nil
        }
        switch jwk["key_ops"] {
        case nil: break
        case .array(let operations)? where operations.contains(.string("verify")): break
        default: return nil
        }
        var algorithms = algorithms
        switch jwk["alg"] {
        case nil: break
        case .string(let name)?: algorithms = algorithms.filter { $0.rawValue == name }
        default: return nil
        }
        var name: String?
        switch jwk["kid"] {
        case nil: break
        case .string(let id)?: name = id
        default: return nil
        }
        let material = ["kty", "crv", "n", "e", "x", "y", "alg", "kid"].map { member in
            if case .string(let text)? = jwk[member] { "\(text.utf8.count):\(text)" } else { "-" }
        }
        self.init(key, id: ID(material.joined(separator: ",")), name: name, algorithms: algorithms)
    }
}
