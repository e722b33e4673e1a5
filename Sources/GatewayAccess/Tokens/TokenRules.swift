package import GatewaySettings

/// What an issuer's tokens must claim (RFC 7519 section 4.1, RFC 8725 section 3).
package struct TokenRules: Hashable, Sendable {
    private let issuer: TokenIssuer
    private let leeway: Double
    private let consumerClaim: ClaimPath
    private let planClaim: ClaimPath?
    private let scopeClaim: ClaimPath?

    /// The longest name of a consumer in bytes. Names are kept, logged and counted.
    private static let maximumName = 1024

    package init(_ issuer: TokenIssuer) {
        self.issuer = issuer
        self.leeway = issuer.leeway.seconds
        self.consumerClaim = ClaimPath(issuer.consumerClaim)
        self.planClaim = issuer.planClaim.isEmpty ? nil : ClaimPath(issuer.planClaim)
        self.scopeClaim = issuer.scopeClaim.isEmpty ? nil : ClaimPath(issuer.scopeClaim)
    }

    /// Judges the claims of a token whose signature is right.
    ///
    /// - Parameter now: Milliseconds since 1970.
    func judge(_ claims: JSONValue, key: TokenKey.ID, at now: Int64) throws(TokenRefusal) -> VerifiedToken {
        let expires = try self.checkDates(claims, at: Double(now) / 1000)
        try self.checkIssuer(claims)
        try self.checkAudience(claims)
        for name in self.issuer.required {
            guard let claim = claims[name], claim != .null else { throw .missingClaim }
        }
        let remembered = min(expires * 1000, Double(now) + self.issuer.cache.seconds * 1000)
        return VerifiedToken(
            claims: claims,
            consumer: try self.consumer(claims),
            plan: self.plan(claims),
            scope: try self.scope(claims),
            expires: Int64(max(remembered, Double(now))),
            key: key
        )
    }

    /// Returns the date of `exp`, which the leeway does not extend for the cache.
    private func checkDates(_ claims: JSONValue, at now: Double) throws(TokenRefusal) -> Double {
        var expires = Double.infinity
        if let date = try Self.date("exp", claims) {
            guard now < date + self.leeway else { throw .expired }
            expires = date
        }
        if let date = try Self.date("nbf", claims), date > now + self.leeway { throw .notYetValid }
        if let date = try Self.date("iat", claims), date > now + self.leeway { throw .issuedInTheFuture }
        return expires
    }

    /// Dates stay doubles, because a number may be far beyond every integer.
    private static func date(_ name: String, _ claims: JSONValue) throws(TokenRefusal) -> Double? {
        switch claims[name] {
        case nil: return nil
        case .integer(let seconds)?: return Double(seconds)
        case .number(let seconds)?: return seconds
        default: throw .malformedDate
        }
    }

    private func checkIssuer(_ claims: JSONValue) throws(TokenRefusal) {
        guard !self.issuer.name.isEmpty else { return }
        guard case .string(let name)? = claims["iss"], Self.isSame(name, self.issuer.name) else { throw .wrongIssuer }
    }

    private func checkAudience(_ claims: JSONValue) throws(TokenRefusal) {
        guard !self.issuer.audience.isEmpty else { return }
        switch claims["aud"] {
        case .string(let name)?:
            guard self.isAudience(name) else { throw .wrongAudience }
        case .array(let names)?:
            var isFound = false
            for element in names {
                guard case .string(let name) = element else { throw .wrongAudience }
                if self.isAudience(name) { isFound = true }
            }
            guard isFound else { throw .wrongAudience }
        default: throw .wrongAudience
        }
    }

    private func isAudience(_ name: String) -> Bool { self.issuer.audience.contains { Self.isSame($0, name) } }

    /// Compares names byte by byte (RFC 7519 section 2), not as Swift compares text.
    private static func isSame(_ name: String, _ other: String) -> Bool { name.utf8.elementsEqual(other.utf8) }

    // MARK: Who

    private func consumer(_ claims: JSONValue) throws(TokenRefusal) -> String {
        switch self.consumerClaim.value(in: claims) {
        case nil, .null?: return ""
        case .integer(let number)?: return String(number)
        case .string(let name)? where name.utf8.count <= Self.maximumName: return name
        default: throw .malformedConsumer
        }
    }

    private func plan(_ claims: JSONValue) -> String? {
        guard case .string(let plan)? = self.planClaim?.value(in: claims) else { return nil }
        return plan.isEmpty ? nil : plan
    }

    private func scope(_ claims: JSONValue) throws(TokenRefusal) -> [String] {
        switch self.scopeClaim?.value(in: claims) {
        case nil, .null?: return []
        case .string(let words)?: return words.split(separator: " ").map(String.init)
        case .array(let elements)?:
            var words: [String] = []
            for element in elements {
                guard case .string(let word) = element else { throw .malformedScope }
                words.append(word)
            }
            return words
        default: throw .malformedScope
        }
    }
}
