import Crypto
import Foundation
import GatewayAccess
import GatewaySettings

/// Makes tokens as issuers and attackers do.
enum TokenForge {
    static let secret = "a secret of at least thirty-two bytes, for tests"
    static let now: Int64 = 1_800_000_000_000
    static let head = #"{"alg":"HS256","typ":"JWT"}"#
    static let claims = #"{"iss":"https://issuer.example","sub":"acme","aud":"api","exp":1800000600}"#

    static func base64URL(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// A token whose signature is right for `secret`.
    static func token(_ head: String = Self.head, _ claims: String = Self.claims, secret: String = Self.secret)
        -> String
    {
        self.signed("\(self.base64URL(head.utf8)).\(self.base64URL(claims.utf8))", secret: secret)
    }

    static func signed(_ text: String, secret: String = Self.secret) -> String {
        let key = SymmetricKey(data: Data(secret.utf8))
        let code = HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: key)
        return "\(text).\(self.base64URL(code))"
    }

    static func settings(_ change: (inout JWTConfiguration) -> Void = { _ in }) -> JWTConfiguration {
        var settings = JWTConfiguration()
        settings.secret = self.secret
        settings.issuer = "https://issuer.example"
        settings.audience = ["api", "other"]
        change(&settings)
        // The keys themselves are given to `verify`.
        if settings.secret.isEmpty { settings.publicKey = "-----BEGIN PUBLIC KEY-----" }
        return settings
    }

    static let keys = TokenKeySet([TokenKey(secret: secret, algorithms: [.hs256])].compactMap { $0 })

    /// What is decided about a token: `accepted`, or the reason.
    static func verdict(
        _ token: String,
        _ settings: JWTConfiguration = Self.settings(),
        keys: TokenKeySet? = Self.keys,
        at now: Int64 = Self.now
    ) -> String {
        switch self.verify(token, settings, keys: keys, at: now) {
        case .success: "accepted"
        case .failure(let refusal): refusal.description
        }
    }

    static func verify(
        _ token: String,
        _ settings: JWTConfiguration = Self.settings(),
        keys: TokenKeySet? = Self.keys,
        at now: Int64 = Self.now
    ) -> Result<VerifiedToken, Refused> {
        let verifier = TokenVerifier(settings.allIssuers)
        return Array(token.utf8).withUnsafeBytes { bytes in
            do throws(TokenRefusal) {
                let (token, issuer) = try verifier.read(bytes)
                switch verifier.verify(token, of: issuer, with: keys, at: now) {
                case .accepted(let verified): return .success(verified)
                case .refused(let refusal): return .failure(Refused(description: refusal.description))
                case .unknownKey: return .failure(Refused(description: "unknown key"))
                case .noKeys: return .failure(Refused(description: "no keys"))
                }
            } catch {
                return .failure(Refused(description: error.description))
            }
        }
    }

    struct Refused: Error {
        let description: String
    }
}
