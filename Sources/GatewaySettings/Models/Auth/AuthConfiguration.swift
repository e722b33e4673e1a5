/// `[auth]`: the credentials that the gateway knows. Routes choose among them with `[routes.auth]`.
public struct AuthConfiguration: SettingTable, Hashable {
    /// Keys that programs send.
    public var apiKey: APIKeyConfiguration?
    /// JSON Web Tokens of other services.
    public var jwt: JWTConfiguration?
    /// Names and passwords.
    public var basic: BasicConfiguration?
    /// A service that decides.
    public var forward: ForwardAuthConfiguration?

    public init() {}
}
