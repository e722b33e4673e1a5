package import GatewaySettings

/// What a verified token says.
package struct VerifiedToken: Hashable, Sendable {
    package let claims: JSONValue
    /// Whose token it is; empty if the token does not say.
    package let consumer: String
    package let plan: String?
    package let scope: [String]
    /// When the token must be verified again, in milliseconds since 1970.
    package let expires: Int64
    /// The key that signed it.
    package let key: TokenKey.ID

    package init(
        claims: JSONValue,
        consumer: String,
        plan: String?,
        scope: [String],
        expires: Int64,
        key: TokenKey.ID
    ) {
        self.claims = claims
        self.consumer = consumer
        self.plan = plan
        self.scope = scope
        self.expires = expires
        self.key = key
    }
}
