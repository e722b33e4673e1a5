/// Collects mistakes, one for each place: what follows from a mistake is not reported again.
struct ConfigurationDiagnostics {
    private(set) var errors: [ConfigurationError] = []
    /// Paths whose value cannot be used.
    private var failed: Set<SettingPath> = []
    /// Tables with a mistake directly in them.
    private var failedTables: Set<SettingPath> = []

    mutating func report(
        _ problem: String,
        suggestion: String,
        path: SettingPath,
        at position: SourcePosition?
    ) {
        guard !hasFailed(path) else { return }
        markFailed(path)
        if !path.steps.isEmpty {
            var table = path
            table.steps.removeLast()
            failedTables.insert(table)
        }
        errors.append(
            ConfigurationError(problem, suggestion: suggestion, key: path.description, at: position)
        )
    }

    /// Notes that the value at the path is not all of what was written.
    mutating func markFailed(_ path: SettingPath) { failed.insert(path) }

    /// Whether the path, or a table around it, was reported.
    func hasFailed(_ path: SettingPath) -> Bool {
        guard !failed.isEmpty else { return false }
        var path = path
        while true {
            if failed.contains(path) { return true }
            if path.steps.popLast() == nil { return false }
        }
    }

    /// Whether something directly in the table was reported, so that a key which seems to be missing may be it.
    func hasFailure(directlyIn table: SettingPath) -> Bool { failedTables.contains(table) }
}
