import Crypto
import Foundation
import Gateway
import HTTPTypes

/// Links that work for a time: `/reports/7?expires=1798761600&signature=…`.
struct SignedLinks: AsyncAuthenticator {
    let key: SymmetricKey
    let challenge = AuthenticationChallenge("SignedLink")

    func authenticate(_ request: HTTPRequest) async throws -> Identity? {
        let parts = (request.path ?? "").split(separator: "&signature=", maxSplits: 1)
        guard parts.count == 2, let link = parts.first else { return nil }
        let signature = Data(base64Encoded: String(parts[1])) ?? Data()
        guard HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: Data(link.utf8), using: key) else {
            throw Authentication.Refusal("wrong signature")
        }
        let expires = link.split(separator: "?expires=").last.flatMap { Double($0) } ?? 0
        guard Date.now.timeIntervalSince1970 < expires else {
            throw Authentication.Refusal("expired", isExpired: true)
        }
        return Identity("link", scope: ["read"])
    }

    /// Signs a path without a query.
    func sign(_ path: String, until date: Date) -> String {
        let link = "\(path)?expires=\(Int(date.timeIntervalSince1970))"
        let signature = HMAC<SHA256>.authenticationCode(for: Data(link.utf8), using: key)
        return link + "&signature=" + Data(signature).base64EncodedString()
    }
}
