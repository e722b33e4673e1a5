import GatewayAccess
import GatewaySettings
import Synchronization

/// The keys of one issuer, as they are now.
final class TokenKeys: Sendable {
    private let state: Mutex<TokenKeySet?>
    /// Increases with each change, so that event loops notice it without a lock.
    let version = Atomic<UInt64>(0)

    init(_ issuer: TokenIssuer, in folder: ConfigurationFolder) {
        let keys: TokenKeySet? =
            switch issuer.keys {
            case .secret(let secret):
                TokenKeySet(TokenKey(secret: secret, algorithms: issuer.algorithms).map { [$0] } ?? [])
            case .pem(let pem): TokenKeySet(pem: pem, algorithms: issuer.algorithms) ?? TokenKeySet([])
            case .pemFile(let path):
                (try? TextFile.read(folder.path(path))).flatMap { TokenKeySet(pem: $0, algorithms: issuer.algorithms) }
            case .file(let path):
                TextFile.systemFile(folder.path(path))
                    .flatMap { TokenKeySet(json: $0, algorithms: issuer.algorithms) }
            case .url, .none: nil
            }
        self.state = Mutex(keys)
    }

    /// Nil until the first keys have come.
    var current: TokenKeySet? { self.state.withLock { $0 } }

    func replace(by keys: TokenKeySet) {
        self.state.withLock { $0 = keys }
        self.version.add(1, ordering: .releasing)
    }
}
