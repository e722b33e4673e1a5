/// `[auth.jwt]`: JSON Web Tokens (RFC 7519).
public struct JWTConfiguration: SettingTable, Hashable {
    /// URL of the issuer's keys, as a JSON Web Key Set.
    public var jwks = ""

    public init() {}
}
