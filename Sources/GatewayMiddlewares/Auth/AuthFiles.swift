package import GatewayCore
package import GatewaySettings
package import Logging

/// Reads the files that `[auth]` names before plans use them, so that event loops do not wait for them.
///
/// It blocks, so call it on a separate thread.
package struct AuthFiles {
    let configuration: GatewayConfiguration
    let shared: SharedState
    let log: Logger
    /// The errors found so far. Their consequences are not reported.
    private let diagnostics: ConfigurationDiagnostics

    package init(
        _ configuration: GatewayConfiguration,
        after diagnostics: ConfigurationDiagnostics = ConfigurationDiagnostics(),
        shared: SharedState,
        log: Logger
    ) {
        self.configuration = configuration
        self.diagnostics = diagnostics
        self.shared = shared
        self.log = log
    }

    /// Reads all files, those that are in use as well.
    ///
    /// - Throws: The errors in them.
    package func read() throws(ConfigurationErrors) {
        let errors = self.errors()
        guard errors.isEmpty else { throw ConfigurationErrors(errors) }
    }

    /// Reads all files, and returns the errors in them.
    package func errors() -> [ConfigurationError] {
        self.configuration.document.redacted(self.apiKeys() + self.tokenKeys() + self.users())
    }

    private func apiKeys() -> [ConfigurationError] {
        guard let settings = self.configuration.auth.apiKey else {
            self.shared.consumers.setNames([], of: APIKeyAuthenticator.name)
            return []
        }
        let path = SettingPath("auth", "api_key")
        return self.errors(in: settings.file, at: path + "file", of: path) { () throws(FileProblem) in
            let source = try APIKeys.source(
                settings,
                in: self.configuration.document.folder,
                isReadAgain: true,
                shared: self.shared,
                log: self.log
            )
            source.keys.register(with: self.shared.consumers)
        }
    }

    private func users() -> [ConfigurationError] {
        guard let settings = self.configuration.auth.basic else {
            self.shared.consumers.setNames([], of: BasicAuthenticator.name)
            return []
        }
        let path = SettingPath("auth", "basic")
        return self.errors(in: settings.file, at: path + "file", of: path) { () throws(FileProblem) in
            let source = try BasicUsers.source(
                settings,
                in: self.configuration.document.folder,
                isReadAgain: true,
                shared: self.shared,
                log: self.log
            )
            source.users.register(with: self.shared.consumers)
        }
    }

    /// Returns the problem with a file as an error at the key of a table that names it.
    ///
    /// - Parameter file: Empty if the key has the contents themselves.
    func errors(
        in file: String,
        at path: SettingPath,
        of table: SettingPath,
        _ read: () throws(FileProblem) -> Void
    ) -> [ConfigurationError] {
        if self.diagnostics.hasFailure(in: table) { return [] }
        do throws(FileProblem) {
            try read()
            return []
        } catch {
            return [
                ConfigurationError(
                    file.isEmpty ? error.reason : "\(JSONText.quoted(file)): \(error.reason)",
                    suggestion: error.suggestion,
                    key: path.description,
                    at: self.configuration.document.position(of: path)
                )
            ]
        }
    }
}
