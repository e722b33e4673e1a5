import NIOCore
import Synchronization

/// Asks event loops whether they turn.
enum EventLoopProbe {
    /// Whether each loop does something that it is asked to within `timeout`.
    static func allTurn(_ eventLoops: [any EventLoop], within timeout: TimeAmount) async -> Bool {
        if eventLoops.isEmpty { return true }
        return await withCheckedContinuation { continuation in
            let answers = EventLoopAnswers(awaiting: eventLoops.count, continuation)
            let timer = Task {
                try? await Task.sleep(nanoseconds: UInt64(max(0, timeout.nanoseconds)))
                answers.end(false)
            }
            for eventLoop in eventLoops {
                eventLoop.execute {
                    if answers.count() { timer.cancel() }
                }
            }
        }
    }
}

/// Ends the wait once: with the last answer, or when time is up.
private final class EventLoopAnswers: Sendable {
    private let state: Mutex<(missing: Int, continuation: CheckedContinuation<Bool, Never>?)>

    init(awaiting count: Int, _ continuation: CheckedContinuation<Bool, Never>) {
        self.state = Mutex((count, continuation))
    }

    /// Returns whether this was the last one.
    func count() -> Bool {
        let isLast = self.state.withLock { state in
            state.missing -= 1
            return state.missing == 0
        }
        if isLast { self.end(true) }
        return isLast
    }

    func end(_ result: Bool) {
        self.state.withLock { state in
            defer { state.continuation = nil }
            return state.continuation
        }?.resume(returning: result)
    }
}
