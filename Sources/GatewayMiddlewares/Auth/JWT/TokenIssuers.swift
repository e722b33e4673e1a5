import GatewayAccess
import GatewayCore
import GatewaySettings
import Logging
import NIOCore

/// The issuers of tokens and their keys. All workers share it.
final class TokenIssuers: Sendable {
    let verifier: TokenVerifier
    let keys: [Source]

    /// Where the keys of an issuer come from.
    enum Source: Sendable {
        case fixed(TokenKeySet)
        case file(WatchedFile<TokenKeySet>)
        case fetched(FetchedKeys)
    }

    private init(_ issuers: [TokenIssuer], _ keys: [Source]) {
        self.verifier = TokenVerifier(issuers)
        self.keys = keys
    }

    /// The settings, as a key of shared objects. It has the secret, like the settings themselves.
    static func key(_ issuers: [TokenIssuer], in context: BuildContext) -> String {
        "jwt \(context.folder.path("")) \(issuers)"
    }

    static func of(_ issuers: [TokenIssuer], in context: BuildContext) -> TokenIssuers {
        // Files are shared objects too, and one cannot be made inside another. A file that cannot be used has been reported.
        let files = issuers.map { issuer -> WatchedFile<TokenKeySet>? in
            (try? TokenKeyFile.of(issuer, in: context.folder, context.worker.shared, context.worker.log)) ?? nil
        }
        return context.shared(self.key(issuers, in: context)) {
            TokenIssuers(issuers, zip(issuers, files).map { self.source(of: $0, $1, in: context) })
        }
    }

    private static func source(
        of issuer: TokenIssuer,
        _ file: WatchedFile<TokenKeySet>?,
        in context: BuildContext
    ) -> Source {
        switch issuer.keys {
        case .secret(let secret):
            let key = TokenKey(secret: secret, algorithms: issuer.algorithms)
            return .fixed(TokenKeySet(key.map { [$0] } ?? []))
        case .pem(let pem): return .fixed(TokenKeySet(pem: pem, algorithms: issuer.algorithms) ?? TokenKeySet([]))
        case .url(let url, _, let refresh):
            return .fetched(
                FetchedKeys(url, refresh: refresh, algorithms: issuer.algorithms, log: context.worker.log)
            )
        case .file, .pemFile: return file.map { .file($0) } ?? .fixed(TokenKeySet([]))
        case .none: return .fixed(TokenKeySet([]))
        }
    }
}

/// The tokens that one event loop has verified, and the keys as it knows them.
final class VerifiedTokens {
    var cache: TokenCache
    private var readers: [Reader]

    private enum Reader {
        case fixed(TokenKeySet)
        case file(WatchedFile<TokenKeySet>.Reader)
        case fetched(FetchedKeys.Reader)
    }

    private init(_ issuers: TokenIssuers, seed: UInt64) {
        self.cache = TokenCache(seed: seed)
        self.readers = issuers.keys.map { source in
            switch source {
            case .fixed(let keys): .fixed(keys)
            case .file(let file): .file(file.makeReader())
            case .fetched(let keys): .fetched(FetchedKeys.Reader(keys))
            }
        }
    }

    /// The keys of an issuer; nil if they have not come yet.
    func keys(of issuer: Int) -> TokenKeySet? {
        switch self.readers[issuer] {
        case .fixed(let keys): return keys
        case .file(var reader):
            let keys = reader.current
            self.readers[issuer] = .file(reader)
            return keys
        case .fetched(var reader):
            let keys = reader.current
            self.readers[issuer] = .fetched(reader)
            return keys
        }
    }

    /// The tokens of a worker, which its routes share.
    static func of(_ issuers: [TokenIssuer], _ shared: TokenIssuers, in context: BuildContext) -> VerifiedTokens {
        let worker = context.worker
        return context.shared("\(worker.index) \(TokenIssuers.key(issuers, in: context))") {
            LoopBound(VerifiedTokens(shared, seed: worker.random.next()), on: worker.eventLoop)
        }.value
    }
}

@available(*, unavailable)
extension VerifiedTokens: Sendable {}
