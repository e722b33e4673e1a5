import NIOCore

/// Decides whether an event loop has stalled. The loop gets a task from time to time, and has stalled if it does not run
/// the task.
struct StallWatch: Sendable {
    private enum State: Sendable {
        /// The loop has run its last task. Contains the time since then.
        case responsive(TimeAmount)
        /// The loop has a task. Contains the time that it had for it.
        case asked(TimeAmount)
        /// The loop has not run its task in time. Contains the time since it got the task.
        case stalled(TimeAmount)
    }

    private var state: State
    private let pause: TimeAmount
    private let limit: TimeAmount
    private let longestLook: TimeAmount

    /// - Parameters:
    ///   - interval: The planned time between two looks.
    ///   - pause: The time between two tasks.
    ///   - limit: The time after which a loop has stalled.
    init(interval: TimeAmount, pause: TimeAmount, limit: TimeAmount) {
        self.state = .responsive(pause)
        self.pause = pause
        self.limit = limit
        // If the whole process was stopped, no loop is at fault.
        self.longestLook = interval * 2
    }

    enum OnLook: Hashable, Sendable {
        case nothing
        /// Give the loop a task.
        case ask
        case stalled(for: TimeAmount)
        case recovered(after: TimeAmount)
    }

    /// - Parameters:
    ///   - hasAnswered: Whether the loop has run its last task.
    ///   - elapsed: The time since the last look.
    mutating func look(hasAnswered: Bool, after elapsed: TimeAmount) -> OnLook {
        let elapsed = min(elapsed, self.longestLook)
        switch self.state {
        case .responsive(let time):
            guard time + elapsed >= self.pause else {
                self.state = .responsive(time + elapsed)
                return .nothing
            }
            self.state = .asked(.zero)
            return .ask
        case .asked where hasAnswered:
            self.state = .responsive(elapsed)
            return .nothing
        case .asked(let time):
            guard time + elapsed >= self.limit else {
                self.state = .asked(time + elapsed)
                return .nothing
            }
            self.state = .stalled(time + elapsed)
            return .stalled(for: time + elapsed)
        case .stalled(let time) where hasAnswered:
            self.state = .responsive(elapsed)
            return .recovered(after: time + elapsed)
        case .stalled(let time):
            self.state = .stalled(time + elapsed)
            return .nothing
        }
    }
}
