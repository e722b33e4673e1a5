import GatewayAccess
import GatewayCore
import GatewayHTTP
import GatewaySettings
import NIOCore

/// Accepts JSON Web Tokens (RFC 7519), as bearer tokens (RFC 6750) by default.
///
/// A token that was verified before costs a look-up; others are verified on the event loop.
struct JWTAuthenticator: Authenticator {
    let challenge = AuthenticationChallenge("Bearer", reportsErrors: true)
    private let place: TokenPlace
    private let forwards: Bool
    /// Whether bearer tokens may be API keys.
    private let sharesHeader: Bool
    private let issuers: TokenIssuers
    private let tokens: VerifiedTokens
    private let consumers: Consumers
    private let eventLoop: any EventLoop

    init(in context: inout BuildContext) {
        if context.auth.jwt == nil {
            context.fail(
                "\"jwt\" needs [auth.jwt], which is not there",
                suggestion: "add [auth.jwt] with jwks, public_key or secret",
                at: "any"
            )
        }
        let settings = context.auth.jwt ?? JWTConfiguration()
        self.place = TokenPlace(settings)
        self.forwards = settings.forward
        self.sharesHeader =
            context.auth.apiKey.map { HeaderName($0.header) == HeaderName(.authorization) } ?? false
        self.issuers = TokenIssuers.of(settings, in: context)
        self.tokens = VerifiedTokens.of(settings, in: context)
        self.consumers = context.consumers
        self.eventLoop = context.worker.eventLoop
    }

    func authenticate(_ exchange: Exchange) -> Authentication {
        switch self.place.find(in: exchange) {
        case .missing: return .missing
        case .malformed(let reason): return .malformed(reason: reason)
        case .found(let range):
            let now = exchange.unixMilliseconds
            if let caller = exchange.request.headers.withBytes(range, { self.known($0, at: now) }) {
                return .accepted(caller)
            }
            let bytes = exchange.request.headers.withBytes(range) { Array($0) }
            return self.verify(bytes, at: now)
        }
    }

    func removeCredential(_ exchange: Exchange) {
        if !self.forwards { self.place.remove(from: exchange) }
    }

    // MARK: Verifying

    /// The caller of a token that was verified before.
    private func known(_ token: UnsafeRawBufferPointer, at now: Int64) -> Caller? {
        guard let entry = self.tokens.cache.find(token, at: now) else { return nil }
        let version = self.issuers.version(of: entry.issuer)
        guard version != entry.version else { return entry.value }
        guard self.issuers.keys(of: entry.issuer)?.contains(entry.key) == true else {
            self.tokens.cache.remove(entry)
            return nil
        }
        entry.version = version
        return entry.value
    }

    private func verify(_ bytes: [UInt8], at now: Int64) -> Authentication {
        do throws(TokenRefusal) {
            let found = bytes.withUnsafeBytes { bytes in
                Result { () throws(TokenRefusal) in try self.issuers.verifier.read(bytes) }
            }
            let (token, issuer) = try found.get()
            return self.judge(token, of: issuer, bytes, at: now)
        } catch {
            if error.isNoToken, self.sharesHeader { return .missing }
            return .refused(Authentication.Refusal(error.reason, isExpired: error.isExpired))
        }
    }

    private func judge(_ token: SignedToken, of issuer: Int, _ bytes: [UInt8], at now: Int64) -> Authentication {
        let version = self.issuers.version(of: issuer)
        switch self.issuers.verifier.verify(token, of: issuer, with: self.issuers.keys(of: issuer), at: now) {
        case .accepted(let verified):
            let caller = self.caller(verified)
            let entry = TokenCache<Caller>.Verified(verified, issuer: issuer, version: version)
            bytes.withUnsafeBytes { self.tokens.cache.add($0, caller, entry, at: now) }
            return .accepted(caller)
        case .refused(let refusal):
            return .refused(Authentication.Refusal(refusal.reason, isExpired: refusal.isExpired))
        case .unknownKey: return .refused(Authentication.Refusal("unknown key"))
        case .noKeys: return .unavailable(retryAfter: 1, reason: "no keys yet")
        }
    }

    private func caller(_ token: VerifiedToken) -> Caller {
        // A token without a name is its issuer's to answer for. Its callers share one count.
        let consumer = self.consumers.consumer(token.consumer.isEmpty ? Self.nameless : token.consumer)
        return Caller(
            consumer,
            name: token.consumer,
            kind: "jwt",
            plan: token.plan,
            scope: token.scope,
            claims: token.claims
        )
    }

    /// The consumer of tokens that name none.
    private static let nameless = "_none"
}
