/// Collects mistakes, one for each place: what follows from a mistake is not reported again.
package struct ConfigurationDiagnostics: Sendable {
    package private(set) var errors: [ConfigurationError] = []
    /// Paths whose value cannot be used.
    private var failed: Set<SettingPath> = []
    /// Tables with a mistake directly in them.
    private var failedTables: Set<SettingPath> = []
    /// Tables that lack something; what they have may be mistaken as well.
    private var lacking: Set<SettingPath> = []
    /// Of lists that lost elements: the written numbers of those that are left.
    private var remaining: [SettingPath: [Int]] = [:]

    package init() {}

    /// - Parameter isLack: the table lacks something, which says nothing of what it has.
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

    /// Notes that only these elements of a list could be read.
    package mutating func keep(_ elements: [Int], of list: SettingPath) { remaining[list] = elements }

    /// Whether elements of the list are missing because of a mistake in them.
    func hasLost(elementsOf list: SettingPath) -> Bool { remaining[list] != nil }

    /// The path as it was written, where lists may have lost elements in reading.
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
    package func hasFailure(directlyIn table: SettingPath) -> Bool { failedTables.contains(table) }

    /// Whether the path or anything in it was reported.
    package func hasFailure(in path: SettingPath) -> Bool {
        failed.contains { $0.steps.starts(with: path.steps) } || hasFailed(path)
    }
}
