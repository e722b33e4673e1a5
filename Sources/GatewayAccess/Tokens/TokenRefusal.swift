/// Why a token was refused, for the log. The client does not learn it.
package struct TokenRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    package let reason: StaticString
    /// Whether the token was right once.
    package let isExpired: Bool

    init(_ reason: StaticString, isExpired: Bool = false) {
        self.reason = reason
        self.isExpired = isExpired
    }

    package var description: String { "\(self.reason)" }

    package static func == (left: Self, right: Self) -> Bool { left.description == right.description }
    package func hash(into hasher: inout Hasher) { hasher.combine(self.description) }

    static let expired = TokenRefusal("expired", isExpired: true)
    /// The text has no three parts. It may be another kind of credential.
    package static let notAToken = TokenRefusal("not a signed token")
    static let malformedEncoding = TokenRefusal("malformed encoding")
    static let tooLong = TokenRefusal("too long")
    static let malformedHeader = TokenRefusal("malformed header")
    static let malformedClaims = TokenRefusal("malformed claims")
    static let duplicateName = TokenRefusal("a name twice")
    static let criticalExtension = TokenRefusal("critical extension")
    static let wrongType = TokenRefusal("wrong type")
    static let wrongAlgorithm = TokenRefusal("wrong algorithm")
    static let unknownKey = TokenRefusal("unknown key")
    static let wrongSignature = TokenRefusal("wrong signature")
    static let wrongIssuer = TokenRefusal("wrong issuer")
    static let wrongAudience = TokenRefusal("wrong audience")
    static let missingClaim = TokenRefusal("missing claim")
    static let malformedDate = TokenRefusal("malformed date")
    static let notYetValid = TokenRefusal("not valid yet")
    static let issuedInTheFuture = TokenRefusal("issued in the future")
    static let malformedConsumer = TokenRefusal("malformed consumer")
    static let malformedScope = TokenRefusal("malformed scope")
}
