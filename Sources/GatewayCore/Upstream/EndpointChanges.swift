import Synchronization

/// Notifies all workers when the endpoints of an upstream change: one was added, removed, failed or recovered.
///
/// A worker compares the version on each request, which costs one atomic load. It also registers a listener, to serve
/// requests that wait for a change.
///
/// It lives as long as the upstream, across reloads, as do the circuit breakers of the endpoints.
package final class EndpointChanges: Sendable {
    typealias Listener = @Sendable () -> Void

    private struct Listeners {
        var last = 0
        var all: [Int: Listener] = [:]
    }

    let circuits = CircuitGroup()
    private let number = Atomic<UInt64>(0)
    private let listeners = Mutex(Listeners())

    /// Increases with each change.
    var version: UInt64 { self.number.load(ordering: .acquiring) }

    func announce() {
        self.number.add(1, ordering: .releasing)
        for listener in self.listeners.withLock({ Array($0.all.values) }) { listener() }
    }

    /// Calls `listener` on any thread after each change, until ``remove(_:)``.
    func listen(_ listener: @escaping Listener) -> Int {
        self.listeners.withLock { listeners in
            listeners.last += 1
            listeners.all[listeners.last] = listener
            return listeners.last
        }
    }

    func remove(_ listener: Int) { self.listeners.withLock { $0.all[listener] = nil } }
}
