import GatewayAccess
import GatewayCore
import GatewaySettings

extension AuthFiles {
    /// Reads the keys of token issuers that are in files or in the configuration.
    func tokenKeys() -> [ConfigurationError] {
        guard let jwt = self.configuration.auth.jwt else { return [] }
        let issuers = jwt.allIssuers
        // [auth.jwt] itself comes first if it is an issuer.
        let listed = issuers.count - jwt.issuers.count
        let path = SettingPath("auth", "jwt")
        return issuers.enumerated().flatMap { number, issuer in
            self.errors(in: issuer, of: number < listed ? path : path + "issuers" + (number - listed))
        }
    }

    private func errors(in issuer: TokenIssuer, of table: SettingPath) -> [ConfigurationError] {
        switch issuer.keys {
        case .file(let file): return self.errors(in: issuer, file, at: table + "jwks_file", of: table)
        case .pemFile(let file): return self.errors(in: issuer, file, at: table + "public_key", of: table)
        case .pem(let pem):
            return self.errors(in: "", at: table + "public_key", of: table) { () throws(FileProblem) in
                guard TokenKeySet(pem: pem, algorithms: issuer.algorithms) == nil else { return }
                throw TokenKeyFile.noKey(in: "this", for: issuer.algorithms)
            }
        case .url, .secret, .none: return []
        }
    }

    private func errors(
        in issuer: TokenIssuer,
        _ file: String,
        at path: SettingPath,
        of table: SettingPath
    ) -> [ConfigurationError] {
        self.errors(in: file, at: path, of: table) { () throws(FileProblem) in
            let folder = self.configuration.document.folder
            _ = try TokenKeyFile.of(issuer, in: folder, isReadAgain: true, self.shared, self.log)
        }
    }
}
