import GatewayAccess
import GatewayCore
import GatewaySettings
import Logging

extension BasicUsers {
    /// The users of a configuration, as an authenticator uses them.
    enum Source {
        case fixed(BasicUsers)
        case file(WatchedFile<BasicUsers>)

        var users: BasicUsers {
            switch self {
            case .fixed(let users): users
            case .file(let file): file.contents
            }
        }
    }

    /// Returns the users that `shared` has already, or reads them.
    ///
    /// - Parameter isReadAgain: Whether a file that is known already is read again.
    /// - Throws: What is wrong with the file.
    static func source(
        _ settings: BasicConfiguration,
        in folder: ConfigurationFolder,
        isReadAgain: Bool = false,
        shared: SharedState,
        log: Logger
    ) throws(FileProblem) -> Source {
        let consumers = shared.consumers
        // Other settings have another memory.
        let key = "basic/\(SettingSchema.written(settings).quoted)"
        guard !settings.file.isEmpty else {
            return .fixed(
                shared.objectOfPlans(key) { BasicUsers(PasswordUsers(settings, file: []), consumers: consumers) }
            )
        }
        let path = folder.path(settings.file)
        let file = try shared.file(
            "\(key)/\(path)",
            at: path,
            name: settings.file,
            isReadAgain: isReadAgain,
            log: log
        ) { text throws(FileProblem) -> BasicUsers in
            switch PasswordFile.read(text, known: settings.users.keys) {
            case .users(let users): return BasicUsers(PasswordUsers(settings, file: users), consumers: consumers)
            case .mistakes(let mistakes):
                let more = mistakes.count > 1 ? " (and \(mistakes.count - 1) more)" : ""
                guard let first = mistakes.first else { throw FileProblem("it cannot be read") }
                throw FileProblem("line \(first.line): \(first.problem)\(more)", suggestion: first.suggestion)
            }
        }
        return .file(file)
    }
}
