package import GatewaySettings

/// Verifies the tokens of one or more issuers.
package struct TokenVerifier: Sendable {
    private struct Issuer {
        let name: String
        let algorithms: [TokenAlgorithm]
        let rules: TokenRules
    }

    private let issuers: [Issuer]

    package init(_ issuers: [TokenIssuer]) {
        self.issuers = issuers.map { Issuer(name: $0.name, algorithms: $0.algorithms, rules: TokenRules($0)) }
    }

    package enum OnToken {
        case accepted(VerifiedToken)
        case refused(TokenRefusal)
        /// The issuer may have a key of this name that has not been fetched yet.
        case unknownKey
        /// No keys of the issuer are there yet.
        case noKeys
    }

    /// Reads a token, and finds out whose it claims to be.
    ///
    /// - Returns: The token, and the number of its issuer.
    package func read(_ bytes: UnsafeRawBufferPointer) throws(TokenRefusal) -> (token: SignedToken, issuer: Int) {
        let token = try SignedToken(bytes)
        let issuer = try self.issuer(of: token)
        guard self.issuers[issuer].algorithms.contains(token.head.algorithm) else { throw .wrongAlgorithm }
        return (token, issuer)
    }

    private func issuer(of token: SignedToken) throws(TokenRefusal) -> Int {
        if self.issuers.count == 1 { return 0 }
        guard case .string(let name)? = token.claims["iss"],
            let index = self.issuers.firstIndex(where: { $0.name.utf8.elementsEqual(name.utf8) })
        else { throw .wrongIssuer }
        return index
    }

    /// Verifies a token with the keys of its issuer.
    ///
    /// - Parameter now: Milliseconds since 1970.
    package func verify(_ token: SignedToken, of issuer: Int, with keys: TokenKeySet?, at now: Int64) -> OnToken {
        guard let keys else { return .noKeys }
        switch keys.verify(token) {
        case .unknownKey: return .unknownKey
        case .refused(let refusal): return .refused(refusal)
        case .verified(let key):
            do throws(TokenRefusal) {
                return .accepted(try self.issuers[issuer].rules.judge(token.claims, key: key, at: now))
            } catch {
                return .refused(error)
            }
        }
    }
}
