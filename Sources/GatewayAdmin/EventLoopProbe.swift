import NIOConcurrencyHelpers
import NIOCore

/// Measures how quickly event loops respond.
enum EventLoopProbe {
    /// Whether each loop runs a task within `timeout`.
    static func allRespond(_ eventLoops: [any EventLoop], within timeout: TimeAmount) async -> Bool {
        await !self.delays(of: eventLoops, within: timeout).contains(nil)
    }

    /// How long each loop took to run a task; nil for those that did not within `timeout`.
    static func delays(of eventLoops: [any EventLoop], within timeout: TimeAmount) async -> [TimeAmount?] {
        if eventLoops.isEmpty { return [] }
        return await withCheckedContinuation { continuation in
            let answers = EventLoopAnswers(awaiting: eventLoops.count, continuation)
            let timer = Task {
                try? await Task.sleep(nanoseconds: UInt64(max(0, timeout.nanoseconds)))
                answers.end()
            }
            let start = NIODeadline.now()
            for (index, eventLoop) in eventLoops.enumerated() {
                eventLoop.execute {
                    if answers.add(.now() - start, of: index) { timer.cancel() }
                }
            }
        }
    }
}

/// Resumes the continuation once: after the last response, or at the timeout.
private final class EventLoopAnswers: Sendable {
    private struct State {
        var delays: [TimeAmount?]
        var continuation: CheckedContinuation<[TimeAmount?], Never>?
    }

    private let state: NIOLockedValueBox<State>

    init(awaiting count: Int, _ continuation: CheckedContinuation<[TimeAmount?], Never>) {
        self.state = NIOLockedValueBox(State(delays: Array(repeating: nil, count: count), continuation: continuation))
    }

    /// Returns whether this was the last response.
    func add(_ delay: TimeAmount, of index: Int) -> Bool {
        let isLast = self.state.withLockedValue { state in
            state.delays[index] = delay
            return !state.delays.contains(nil)
        }
        if isLast { self.end() }
        return isLast
    }

    func end() {
        let (continuation, delays) = self.state.withLockedValue { state in
            defer { state.continuation = nil }
            return (state.continuation, state.delays)
        }
        continuation?.resume(returning: delays)
    }
}
