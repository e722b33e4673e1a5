import DequeModule
import GatewayCore
import NIOCore
import Synchronization

/// The events of one publisher that wait for the bus. Its lock is held to add one event, and to exchange them all for
/// none.
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
    ///
    /// - Returns: The number of events that wait.
    func add(_ event: GatewayEvent, at now: NIODeadline, limit: Int) -> Int {
        self.state.withLock { state in
            while state.entries.count >= max(limit, 1) {
                state.entries.removeFirst()
                state.dropped += 1
            }
            state.entries.append(Entry(at: now, event: event))
            return state.entries.count
        }
    }

    /// Moves all events to `entries`, which must be empty, and whose memory serves the publisher from now on.
    ///
    /// - Returns: The number of events that were dropped since the last call.
    func take(into entries: inout Deque<Entry>) -> Int {
        self.state.withLock { state in
            swap(&state.entries, &entries)
            defer { state.dropped = 0 }
            return state.dropped
        }
    }

    /// Counts what waits and what was dropped.
    func count(in meters: inout EventMeters) {
        let (topics, dropped) = self.state.withLock { ($0.entries.map(\.event.topic), $0.dropped) }
        for topic in topics { meters.count(topic) }
        meters.count(dropped, .queue)
    }
}
