import GatewayAccess
import GatewayCore
import GatewaySettings
import Synchronization

/// The issuers of tokens and their keys. All workers share it.
final class TokenIssuers: Sendable {
    let verifier: TokenVerifier
    private let keys: [TokenKeys]

    private init(_ issuers: [TokenIssuer], _ keys: [TokenKeys]) {
        self.verifier = TokenVerifier(issuers)
        self.keys = keys
    }

    static func of(_ settings: JWTConfiguration, in context: BuildContext) -> TokenIssuers {
        let issuers = settings.allIssuers
        return context.shared("jwt \(issuers)") {
            TokenIssuers(issuers, issuers.map { TokenKeys($0, in: context.folder) })
        }
    }

    /// The keys of an issuer; nil if they have not come yet.
    func keys(of issuer: Int) -> TokenKeySet? { self.keys[issuer].current }

    /// Increases when the keys of an issuer change.
    func version(of issuer: Int) -> UInt64 { self.keys[issuer].version.load(ordering: .acquiring) }
}

/// The tokens that one event loop has verified.
final class VerifiedTokens {
    var cache: TokenCache<Caller>

    private init(seed: UInt64) { self.cache = TokenCache(seed: seed) }

    /// The tokens of a worker, which its routes share.
    static func of(_ settings: JWTConfiguration, in context: BuildContext) -> VerifiedTokens {
        let worker = context.worker
        let key = "jwt tokens \(worker.index) \(settings.allIssuers)"
        return context.shared(key) { LoopBound(VerifiedTokens(seed: worker.random.next()), on: worker.eventLoop) }.value
    }
}

@available(*, unavailable)
extension VerifiedTokens: Sendable {}
