/// `[auth.jwt]`: JSON Web Tokens (RFC 7519).
public struct JWTConfiguration: SettingTable, Hashable {
    /// URL of the issuer's keys, a JSON Web Key Set (RFC 7517).
    public var jwks = ServiceURL.missing
    /// File of the issuer's keys, a JSON Web Key Set. It is read again when it changes.
    public var jwksFile = ""
    /// The issuer's public key as PEM text, or the file that contains it. The file is read again when it changes.
    public var publicKey = ""
    /// The secret that the issuer signs with.
    public var secret = ""
    /// The issuer, which `iss` must name. Empty: any.
    public var issuer = ""
    /// Names of this service. `aud` must contain one of them. Empty: `aud` is not checked.
    public var audience: [String] = []
    /// The algorithms that are accepted, if they suit the key. Absent: RS256, ES256 and EdDSA, or HS256 with `secret`.
    public var algorithms: [TokenAlgorithm]?
    /// Claims that every token must have.
    public var required = ["exp"]
    /// How far the clocks of issuers may be off, at most 5 minutes.
    public var leeway = TimeSpan.seconds(30)
    /// The field with the token. `Authorization`: as a bearer token. Others: the token alone.
    public var header = "Authorization"
    /// A cookie that may have the token instead. Empty: none.
    public var cookie = ""
    /// The claim that names the consumer, or the path of one: `act.sub`.
    public var consumerClaim = "sub"
    /// The claim that names the plan, or its path. Empty: none.
    public var planClaim = "plan"
    /// The claim with the scope, or its path: a string of words, or a list. Empty: none.
    public var scopeClaim = "scope"
    /// Whether the upstream receives the token.
    public var forward = true
    /// How long a verified token is remembered, at most 1 day, and never longer than it and its key are valid. `0s`: not.
    public var cache = TimeSpan.minutes(5)
    /// How often the keys at `jwks` are fetched again, 1 second to 1 day.
    public var refresh = TimeSpan.minutes(10)
    /// Several issuers. The `iss` of a token chooses one.
    public var issuers: [JWTIssuerConfiguration] = []

    public init() {}
}

/// `[[auth.jwt.issuers]]`: one of several issuers. Absent keys are as in `[auth.jwt]`.
public struct JWTIssuerConfiguration: SettingTable, Hashable {
    /// URL of the issuer's keys, a JSON Web Key Set (RFC 7517).
    public var jwks = ServiceURL.missing
    /// File of the issuer's keys, a JSON Web Key Set. It is read again when it changes.
    public var jwksFile = ""
    /// The issuer's public key as PEM text, or the file that contains it. The file is read again when it changes.
    public var publicKey = ""
    /// The secret that the issuer signs with.
    public var secret = ""
    /// The issuer, which `iss` names.
    public var issuer = ""
    /// Names of this service. `aud` must contain one of them. Empty: `aud` is not checked.
    public var audience: [String]?
    /// The algorithms that are accepted, if they suit the key.
    public var algorithms: [TokenAlgorithm]?
    /// Claims that every token must have.
    public var required: [String]?
    /// How far the issuer's clock may be off, at most 5 minutes.
    public var leeway: TimeSpan?
    /// The claim that names the consumer, or the path of one: `act.sub`.
    public var consumerClaim: String?
    /// The claim that names the plan, or its path. Empty: none.
    public var planClaim: String?
    /// The claim with the scope, or its path: a string of words, or a list. Empty: none.
    public var scopeClaim: String?
    /// How long a verified token is remembered, at most 1 day, and never longer than it and its key are valid. `0s`: not.
    public var cache: TimeSpan?
    /// How often the keys at `jwks` are fetched again, 1 second to 1 day.
    public var refresh: TimeSpan?

    public init() {}
}
