/// Collects at most one error per path. Errors that follow from an earlier one are not reported.
package struct ConfigurationDiagnostics: Sendable {
    package private(set) var errors: [ConfigurationError] = []
    /// Paths whose value cannot be used.
    private var failed: Set<SettingPath> = []
    /// Tables with an error in one of their own keys.
    private var failedTables: Set<SettingPath> = []
    /// Tables with a missing key. Their other keys may also have errors.
    private var lacking: Set<SettingPath> = []
    /// The original indices of the remaining elements, for lists that lost elements to errors.
    private var remaining: [SettingPath: [Int]] = [:]

    package init() {}

    /// Reports an error unless its path was reported before.
    ///
    /// - Parameter isLack: Whether the table lacks a key. This does not affect its other keys.
    package mutating func report(
        _ problem: String,
        suggestion: String,
        path: SettingPath,
        at position: SourcePosition?,
        isLack: Bool = false
    ) {
        guard !hasFailed(path), !lacking.contains(path) else { return }
        if isLack { lacking.insert(path) } else { failed.insert(path) }
        if !path.steps.isEmpty {
            var table = path
            table.steps.removeLast()
            failedTables.insert(table)
        }
        errors.append(
            ConfigurationError(problem, suggestion: suggestion, key: path.description, at: position)
        )
    }

    /// Records that only these elements of a list could be read.
    package mutating func keep(_ elements: [Int], of list: SettingPath) { remaining[list] = elements }

    /// Whether elements of the list were dropped because of errors.
    func hasLost(elementsOf list: SettingPath) -> Bool { remaining[list] != nil }

    /// Returns the path as written in the file, with the original indices of lists that lost elements.
    package func written(_ path: SettingPath) -> SettingPath {
        guard !remaining.isEmpty else { return path }
        var written = SettingPath()
        for step in path.steps {
            if case .index(let index) = step, let elements = remaining[written], elements.indices.contains(index) {
                written = written + elements[index]
            } else {
                written.steps.append(step)
            }
        }
        return written
    }

    /// Whether an error was reported for the path or an enclosing table.
    func hasFailed(_ path: SettingPath) -> Bool {
        guard !failed.isEmpty else { return false }
        var path = path
        while true {
            if failed.contains(path) { return true }
            if path.steps.popLast() == nil { return false }
        }
    }

    /// Whether an error was reported for a key of the table. If so, a key that seems to be missing may be that one,
    /// misspelled.
    package func hasFailure(directlyIn table: SettingPath) -> Bool { failedTables.contains(table) }

    /// Whether an error was reported for the path, anything in it, or an enclosing table.
    package func hasFailure(in path: SettingPath) -> Bool {
        failed.contains { $0.steps.starts(with: path.steps) } || hasFailed(path)
    }
}
