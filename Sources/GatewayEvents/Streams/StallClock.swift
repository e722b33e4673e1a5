package import NIOCore

/// Finds a client that takes nothing, although something waits for it. It reads no clock: the time is an argument.
package struct StallClock: Sendable {
    /// How long a client may take nothing.
    package static let limit = TimeAmount.seconds(30)
    /// How often to look.
    private static let interval = TimeAmount.seconds(5)

    private let limit: TimeAmount
    private var taken: Int = 0
    /// When the client last took something, or when something began to wait.
    private var since: NIODeadline?

    package init(limit: TimeAmount = Self.limit) { self.limit = limit }

    package enum OnLook: Hashable, Sendable {
        /// Nothing waits.
        case idle
        /// Look again at this time.
        case look(NIODeadline)
        /// The client has taken nothing for too long.
        case stalled
    }

    /// - Parameters:
    ///   - taken: How many bytes the client has taken so far.
    ///   - isWaiting: Whether anything waits for the client.
    package mutating func look(taken: Int, isWaiting: Bool, at now: NIODeadline) -> OnLook {
        guard isWaiting else {
            self.since = nil
            return .idle
        }
        let since = taken > self.taken ? now : self.since ?? now
        self.taken = max(taken, self.taken)
        self.since = since
        let end = since + self.limit
        return end <= now ? .stalled : .look(min(end, now + Self.interval))
    }
}
