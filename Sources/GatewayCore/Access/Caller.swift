package import GatewaySettings

/// Who sends a request, according to a credential that was accepted.
///
/// Created once for each key, token or user, and shared by their requests.
public final class Caller: Sendable {
    /// The plan of callers whose credential names none.
    package static let usualPlan = "authenticated"

    /// Whose credential it is.
    public let consumer: Consumer
    /// The kind of the credential, as `auth.any` names it.
    public let kind: String
    /// The plan that the credential names; nil for `authenticated`.
    public let plan: String?
    /// What the credential allows.
    public let scope: [String]
    /// What else the credential says: the claims of a token, by name.
    package let claims: JSONValue
    /// A consumer beyond those that the gateway counts one by one still has its name. Empty for a caller
    /// that a service accepted without a name: limits then apply to the address.
    public let name: String

    /// - Parameter isConfigured: Whether the configuration or one of its files has the credential.
    package init(
        _ consumer: Consumer,
        name: String? = nil,
        kind: String,
        plan: String? = nil,
        scope: [String] = [],
        claims: JSONValue = .object([]),
        isConfigured: Bool = false
    ) {
        self.consumer = consumer
        self.name = name ?? consumer.name
        self.kind = kind
        self.plan = plan
        self.scope = scope
        self.claims = claims
        consumer.noteCredential(plan: plan, scope: scope, isConfigured: isConfigured)
    }
}
