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
    /// What fetches the keys of each issuer; nil if they come from elsewhere.
    private let fetchers: [KeyFetcher?]
    private let consumers: Consumers
    private let worker: Worker

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
        let issuers = settings.allIssuers
        self.issuers = TokenIssuers.of(issuers, in: context)
        self.tokens = VerifiedTokens.of(issuers, self.issuers, in: context)
        self.fetchers = zip(issuers, self.issuers.keys).map { issuer, keys in
            guard case .fetched(let keys) = keys, case .url(_, let service, _) = issuer.keys,
                let client = context.outboundClient(to: service)
            else { return nil }
            return KeyFetcher(keys, client, on: context.worker.eventLoop)
        }
        self.consumers = context.consumers
        self.worker = context.worker
        for fetcher in self.fetchers { fetcher?.start() }
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

    func removeUnusedCredential(_ exchange: Exchange) {
        // A bearer token may be the API key that was accepted.
        if !self.sharesHeader { self.removeCredential(exchange) }
    }

    // MARK: Verifying

    /// The caller of a token that was verified before.
    private func known(_ token: UnsafeRawBufferPointer, at now: Int64) -> Caller? {
        guard let entry = self.tokens.cache.find(token, at: now) else { return nil }
        guard let keys = self.tokens.keys(of: entry.issuer) else { return nil }
        guard keys !== entry.keys else { return entry.value }
        guard keys.contains(entry.key) else {
            self.tokens.cache.remove(entry)
            return nil
        }
        entry.keys = keys
        return entry.value
    }

    private func verify(_ bytes: [UInt8], at now: Int64) -> Authentication {
        do throws(TokenRefusal) {
            let found = bytes.withUnsafeBytes { bytes in
                Result { () throws(TokenRefusal) in try self.issuers.verifier.read(bytes) }
            }
            let (token, issuer) = try found.get()
            return self.judge(UnverifiedToken(token: token, issuer: issuer, bytes: bytes), at: now)
        } catch {
            if error == .notAToken, self.sharesHeader { return .missing }
            return .refused(Authentication.Refusal(error.reason, isExpired: error.isExpired))
        }
    }

    private struct UnverifiedToken {
        let token: SignedToken
        let issuer: Int
        let bytes: [UInt8]
    }

    /// - Parameter mayWait: Whether an unknown key may be fetched.
    private func judge(_ unverified: UnverifiedToken, at now: Int64, mayWait: Bool = true) -> Authentication {
        let issuer = unverified.issuer
        let keys = self.tokens.keys(of: issuer)
        switch self.issuers.verifier.verify(unverified.token, of: issuer, with: keys, at: now) {
        case .accepted(let verified):
            let caller = self.caller(verified)
            if let keys {
                let found = TokenCache.Verified(verified, issuer: issuer, keys: keys)
                unverified.bytes.withUnsafeBytes { self.tokens.cache.add($0, caller, found, at: now) }
            }
            return .accepted(caller)
        case .refused(let refusal):
            return .refused(Authentication.Refusal(refusal.reason, isExpired: refusal.isExpired))
        case .unknownKey:
            return (mayWait ? self.fetchKeys(for: unverified) : nil)
                ?? .refused(Authentication.Refusal("unknown key"))
        case .noKeys:
            guard case .fetched(let keys) = self.issuers.keys[issuer] else {
                return .unavailable(retryAfter: 1, reason: "no keys")
            }
            return .unavailable(retryAfter: keys.retryAfter, reason: "no keys yet")
        }
    }

    /// Fetches the keys again for a token with an unknown one. Returns nil if that must not be.
    private func fetchKeys(for unverified: UnverifiedToken) -> Authentication? {
        guard case .fetched(let keys) = self.issuers.keys[unverified.issuer],
            let fetcher = self.fetchers[unverified.issuer]
        else { return nil }
        let pending = PendingAuthentication()
        pending.span = max(1, self.worker.random.next())
        let look = NIOLoopBound((self, unverified, pending), eventLoop: self.worker.eventLoop)
        let decision = keys.unknownKey(on: self.worker.eventLoop) {
            let (authenticator, unverified, pending) = look.value
            authenticator.worker.tick()
            let now = authenticator.worker.unixMilliseconds
            pending.complete(authenticator.judge(unverified, at: now, mayWait: false))
        }
        switch decision {
        case .refuse: return nil
        case .wait: break
        case .fetch: fetcher.fetch()
        }
        return .pending(pending)
    }

    private func caller(_ token: VerifiedToken) -> Caller {
        Caller(
            self.consumers.consumer(token.consumer),
            name: token.consumer,
            kind: "jwt",
            plan: token.plan,
            scope: token.scope,
            claims: token.claims
        )
    }
}
