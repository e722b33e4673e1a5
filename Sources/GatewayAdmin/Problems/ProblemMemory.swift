import GatewaySettings

/// Remembers since when problems are known whose sources do not say it.
struct ProblemMemory: Sendable {
    private var known: [Problem.Identity: Int64] = [:]

    /// Notes the present problems. All others are over.
    ///
    /// - Parameter now: In milliseconds since 1970.
    /// - Returns: The problems, all with their beginning: the most severe first, and of those the newest.
    mutating func note(_ problems: [Problem], at now: Int64) -> [Problem] {
        var known: [Problem.Identity: Int64] = [:]
        var dated: [Problem] = []
        for var problem in problems {
            let since = problem.since ?? self.known[problem.identity] ?? now
            known[problem.identity] = since
            problem.since = since
            dated.append(problem)
        }
        self.known = known
        return dated.sorted {
            ($0.severity.weight, $0.since ?? 0, $1.what) > ($1.severity.weight, $1.since ?? 0, $0.what)
        }
    }
}

extension EventSeverity {
    fileprivate var weight: Int {
        switch self {
        case .info: 0
        case .warning: 1
        case .critical: 2
        }
    }
}
