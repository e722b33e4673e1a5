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
        let names = algorithms.map(\.rawValue).joined(separator: ", ")
        switch issuer.keys {
        case .file(let path):
            return try shared.file(
                "jwks \(names) \(folder.path(path))",
                at: folder.path(path),
                name: path,
                isReadAgain: isReadAgain,
                log: log
            ) {
                (text) throws(FileProblem) in
                guard let keys = TokenKeySet(json: Array(text.utf8), algorithms: algorithms) else {
                    throw FileProblem(
                        "it is not a JSON Web Key Set with a key for \(names)",
                        suggestion: "write {\"keys\":[…]}, or name the algorithm of its keys in algorithms"
                    )
                }
                return keys
            }
        case .pemFile(let path):
            return try shared.file(
                "pem \(names) \(folder.path(path))",
                at: folder.path(path),
                name: path,
                isReadAgain: isReadAgain,
                log: log
            ) {
                (text) throws(FileProblem) in
                guard let keys = TokenKeySet(pem: text, algorithms: algorithms) else {
                    throw FileProblem(
                        "it has no public key in PEM for \(names)",
                        suggestion: "name the file of the issuer's public key, and its algorithm in algorithms"
                    )
                }
                return keys
            }
        case .url, .pem, .secret, .none: return nil
        }
    }
}
