/// Who sends a request, as a kind of credential that a program adds knows it.
public struct Identity: Hashable, Sendable {
    /// The name, for logs, metrics and fields. Requests of one name are one consumer's, whatever the kind of credential.
    public var consumer: String
    /// The plan; nil for `authenticated`.
    public var plan: String?
    /// What the credential allows, for `auth.require`.
    public var scope: [String]

    public init(_ consumer: String, plan: String? = nil, scope: [String] = []) {
        self.consumer = consumer
        self.plan = plan
        self.scope = scope
    }
}
