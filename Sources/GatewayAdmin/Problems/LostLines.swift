import GatewaySettings

/// Whether lines of logs were lost lately, by a counter that only grows.
struct LostLines: Sendable {
    /// How long a loss stays a problem, in milliseconds.
    private static let memory: Int64 = 60_000
    private var count = 0.0
    /// The first loss of those that followed each other within ``memory``, and the last one.
    private var losses: (first: Int64, last: Int64, before: Double)?

    /// Notes the number of lines that were lost so far.
    ///
    /// - Parameter now: In milliseconds since 1970.
    /// - Returns: The problem, if there is one.
    mutating func note(_ count: Double, at now: Int64) -> Problem? {
        if let losses, now - losses.last >= Self.memory { self.losses = nil }
        if count > self.count {
            self.losses = (self.losses?.first ?? now, now, self.losses?.before ?? self.count)
            self.count = count
        }
        guard let losses else { return nil }
        return Problem(
            kind: .log,
            subject: "lost",
            severity: .warning,
            what: "lines of logs are lost",
            why: "\(Int(count - losses.before)) so far, because they cannot be written fast enough",
            since: losses.first
        )
    }
}
