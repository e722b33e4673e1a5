import GatewayAccess
import GatewayCore
import GatewaySettings
import Logging

/// Files with the keys of issuers.
enum TokenKeyFile {
    /// The file of an issuer's keys; nil if they come from elsewhere.
    ///
    /// - Throws: Why it cannot be used.
    static func of(
        _ issuer: TokenIssuer,
        in folder: ConfigurationFolder,
        isReadAgain: Bool = false,
        _ shared: SharedState,
        _ log: Logger
    ) throws(FileProblem) -> WatchedFile<TokenKeySet>? {
        let algorithms = issuer.algorithms
        let (path, isPEM): (String, Bool)
        switch issuer.keys {
        case .file(let file): (path, isPEM) = (file, false)
        case .pemFile(let file): (path, isPEM) = (file, true)
        case .url, .pem, .secret, .none: return nil
        }
        return try shared.file(
            "token keys \(isPEM) \(Self.names(algorithms)) \(folder.path(path))",
            at: folder.path(path),
            name: path,
            isReadAgain: isReadAgain,
            log: log
        ) { (text) throws(FileProblem) in
            if isPEM {
                guard let keys = TokenKeySet(pem: text, algorithms: algorithms) else {
                    throw Self.noKey(in: "it", for: algorithms)
                }
                return keys
            }
            guard let keys = TokenKeySet(json: Array(text.utf8), algorithms: algorithms) else {
                throw FileProblem(
                    "it is not a JSON Web Key Set with a public key for \(Self.names(algorithms))",
                    suggestion: "write {\"keys\":[…]}, and name the algorithm of its keys in algorithms"
                )
            }
            return keys
        }
    }

    /// - Parameter place: `it` for a file.
    static func noKey(in place: String, for algorithms: [TokenAlgorithm]) -> FileProblem {
        FileProblem(
            "\(place) has no public key in PEM for \(self.names(algorithms))",
            suggestion: "write the issuer's public key or certificate, and name its algorithm in algorithms"
        )
    }

    private static func names(_ algorithms: [TokenAlgorithm]) -> String {
        algorithms.map(\.rawValue).joined(separator: ", ")
    }
}
