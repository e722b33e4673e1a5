import GatewayAccess
import GatewayCore
import GatewaySettings
import Logging

/// The file of users that `[auth.basic]` names.
struct BasicUsersFile {
    private let configuration: BasicConfiguration
    private let path: String

    /// Returns nil if the configuration names no file.
    init?(_ configuration: BasicConfiguration, in folder: ConfigurationFolder) {
        guard !configuration.file.isEmpty else { return nil }
        self.configuration = configuration
        self.path = folder.path(configuration.file)
    }

    /// Reads the file, or finds it if it was read already. Its contents include the users of the configuration.
    ///
    /// - Parameter isReadAgain: Whether a file that was read already is read again.
    func open(
        _ shared: SharedState,
        isReadAgain: Bool = false,
        log: Logger
    ) throws(FileProblem) -> WatchedFile<BasicUsers> {
        let (configuration, consumers) = (self.configuration, shared.consumers)
        return try shared.file(
            "basic.\(self.path).\(SettingSchema.written(configuration).quoted)",
            at: self.path,
            name: configuration.file,
            isReadAgain: isReadAgain,
            log: log
        ) { text throws(FileProblem) in
            switch PasswordFile.read(text, known: configuration.users.keys) {
            case .users(let users): return BasicUsers(PasswordUsers(configuration, file: users), consumers: consumers)
            case .mistakes(let mistakes):
                throw FileProblem(
                    mistakes.prefix(3).map { "line \($0.line): \($0.problem)" }.joined(separator: "; "),
                    suggestion: mistakes.first?.suggestion ?? ""
                )
            }
        }
    }
}
