/// An algorithm that signs tokens (RFC 7518 section 3.1, RFC 8037 section 3.1).
public enum TokenAlgorithm: String, SettingChoice, Sendable {
    case rs256 = "RS256"
    case rs384 = "RS384"
    case rs512 = "RS512"
    case ps256 = "PS256"
    case ps384 = "PS384"
    case ps512 = "PS512"
    case es256 = "ES256"
    case es384 = "ES384"
    case es512 = "ES512"
    case edDSA = "EdDSA"
    case hs256 = "HS256"
    case hs384 = "HS384"
    case hs512 = "HS512"

    /// Whether the issuer and the gateway share a secret.
    package var usesSecret: Bool { self.hashLength != nil }

    /// The length of the hash of an algorithm with a secret, in bytes. A shorter secret is easier to guess than the hash
    /// (RFC 7518 section 3.2).
    package var hashLength: Int? {
        switch self {
        case .hs256: 32
        case .hs384: 48
        case .hs512: 64
        case .rs256, .rs384, .rs512, .ps256, .ps384, .ps512, .es256, .es384, .es512, .edDSA: nil
        }
    }
}
