import NIOConcurrencyHelpers

/// Lets one inspection run at a time, and a few more wait.
final class InspectionTurns: Sendable {
    /// How many may wait.
    static let limit = 8

    private let state = NIOLockedValueBox(State())

    private struct State {
        var isTaken = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    /// The number of inspections that wait.
    var waiting: Int { self.state.withLockedValue { $0.waiting.count } }

    /// Waits for a turn. Returns false if too many wait already. After true, call ``end()``.
    func begin() async -> Bool {
        enum Place { case first, waits, none }
        let place = self.state.withLockedValue { state -> Place in
            guard state.isTaken else {
                state.isTaken = true
                return .first
            }
            return state.waiting.count < Self.limit ? .waits : .none
        }
        switch place {
        case .first: return true
        case .none: return false
        case .waits:
            await withCheckedContinuation { continuation in
                // The turn may have ended in the meantime.
                let isNext = self.state.withLockedValue { state in
                    if state.isTaken { state.waiting.append(continuation) }
                    defer { state.isTaken = true }
                    return !state.isTaken
                }
                if isNext { continuation.resume() }
            }
            return true
        }
    }

    func end() {
        let next = self.state.withLockedValue { state -> CheckedContinuation<Void, Never>? in
            guard !state.waiting.isEmpty else {
                state.isTaken = false
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
