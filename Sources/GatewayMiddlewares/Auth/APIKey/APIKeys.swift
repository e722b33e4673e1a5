import GatewayAccess
import GatewayCore
import GatewaySettings
import Logging

/// The keys of `[auth.api_key]` and of its file, each with its owner. All workers share them.
final class APIKeys: Sendable {
    let table: KeyTable
    /// The owners of the keys of `table`.
    let callers: ContiguousArray<Caller>
    private let names: Set<String>

    /// - Throws: What is wrong with the file.
    init(
        _ settings: APIKeyConfiguration,
        file: KeyFile? = nil,
        consumers: Consumers
    ) throws(FileProblem) {
        let inFile = file?.entries ?? []
        var entries: ContiguousArray<KeyTable.Entry> = []
        var callers: ContiguousArray<Caller> = []
        var enabled: [String: Bool] = [:]
        entries.reserveCapacity(settings.keys.count + inFile.count)
        callers.reserveCapacity(settings.keys.count + inFile.count)
        func add(_ key: KeyConfiguration) {
            // Others have been reported.
            guard let digest = KeyDigest(hexadecimal: key.sha256) else { return }
            entries.append(
                KeyTable.Entry(digest: digest, expires: key.expires?.seconds ?? .max, isEnabled: key.enabled)
            )
            callers.append(
                Caller(
                    consumers.consumer(key.name, isNamed: true),
                    kind: APIKeyAuthenticator.name,
                    plan: key.plan.isEmpty ? nil : key.plan,
                    scope: key.scope,
                    isConfigured: true
                )
            )
            enabled[key.name] = enabled[key.name] ?? false || key.enabled
        }
        for key in settings.keys { add(key) }
        let first = entries.count
        for entry in inFile { add(entry.key) }
        do throws(KeyTable.Duplicate) {
            self.table = try KeyTable(entries)
        } catch {
            let line = error.second >= first ? inFile[error.second - first].line : 0
            let owner = JSONText.quoted(callers[error.first].consumer.name)
            let place = error.first < first ? "[[auth.api_key.keys]]" : "line \(inFile[error.first - first].line)"
            throw FileProblem(
                "line \(line): the key of \(owner) in \(place) has the same digest",
                suggestion: "remove one"
            )
        }
        self.callers = callers
        self.names = Set(enabled.keys)
        for (name, isEnabled) in enabled { consumers.known(name)?.setEnabledByKeys(isEnabled) }
        self.register(with: consumers)
    }

    /// Makes the owners known before their first request.
    func register(with consumers: Consumers) { consumers.setNames(self.names, of: APIKeyAuthenticator.name) }
}

extension APIKeys {
    /// The keys of a configuration, as an authenticator uses them.
    enum Source {
        case fixed(APIKeys)
        case file(WatchedFile<APIKeys>)

        var keys: APIKeys {
            switch self {
            case .fixed(let keys): keys
            case .file(let file): file.contents
            }
        }
    }

    /// Returns the keys that `shared` has already, or reads them.
    ///
    /// - Parameter isReadAgain: Whether a file that is known already is read again.
    /// - Throws: What is wrong with the file.
    static func source(
        _ settings: APIKeyConfiguration,
        in folder: ConfigurationFolder,
        isReadAgain: Bool = false,
        shared: SharedState,
        log: Logger
    ) throws(FileProblem) -> Source {
        var hasher = Hasher()
        hasher.combine(settings.keys)
        let consumers = shared.consumers
        let key = "api_key/\(hasher.finalize())"
        guard !settings.file.isEmpty else {
            if let known = shared.knownObject(key, of: APIKeys.self) { return .fixed(known) }
            let keys = try APIKeys(settings, consumers: consumers)
            return .fixed(shared.objectOfPlans(key) { keys })
        }
        let file = try shared.file(
            "\(key)/\(folder.path(settings.file))",
            at: folder.path(settings.file),
            name: settings.file,
            isReadAgain: isReadAgain,
            log: log
        ) { text throws(FileProblem) -> APIKeys in
            try APIKeys(settings, file: try Self.contents(text, of: settings.file), consumers: consumers)
        }
        return .file(file)
    }

    private static func contents(_ text: String, of file: String) throws(FileProblem) -> KeyFile {
        do throws(ConfigurationErrors) {
            return try KeyFile(text, file: file)
        } catch {
            throw FileProblem(error)
        }
    }
}

extension FileProblem {
    /// The first of the errors in a file, with its line.
    init(_ errors: ConfigurationErrors) {
        let first = errors.errors.first ?? ConfigurationError("it cannot be read")
        let more = errors.errors.count > 1 ? " (and \(errors.errors.count - 1) more)" : ""
        self.init("line \(first.line): \(first.message)\(more)", suggestion: first.suggestion)
    }
}
