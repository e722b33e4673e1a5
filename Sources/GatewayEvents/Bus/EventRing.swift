import DequeModule
import GatewayCore
import NIOCore
import Synchronization

/// The events of one publisher that wait for the bus. Its lock is held to add one event, and to take them all.
final class EventRing: Sendable {
    struct Entry: Sendable {
        let at: NIODeadline
        let event: GatewayEvent
    }

    private struct State {
        var entries: Deque<Entry> = []
        var dropped = 0
    }

    private let state = Mutex(State())

    /// Adds an event. The oldest goes if `limit` events wait.
    func add(_ event: GatewayEvent, at now: NIODeadline, limit: Int) {
        self.state.withLock { state in
            while state.entries.count >= max(limit, 1) {
                state.entries.removeFirst()
                state.dropped += 1
            }
            state.entries.append(Entry(at: now, event: event))
        }
    }

    /// Takes all events, and the number of those dropped since the last call.
    func take() -> (entries: Deque<Entry>, dropped: Int) {
        self.state.withLock { state in
            defer { state = State() }
            return (state.entries, state.dropped)
        }
    }
}
