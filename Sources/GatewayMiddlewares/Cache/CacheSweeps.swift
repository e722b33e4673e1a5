import DequeModule
import GatewayCache
import Synchronization

/// Goes through the store for purges that other gateways have made, one after the other and never on an event loop.
final class CacheSweeps: Sendable {
    private let state = Mutex(State())

    private struct State {
        var sweeps: Deque<PurgeSweep> = []
        var isRunning = false
    }

    /// Adds a purge that has begun.
    func add(_ sweep: PurgeSweep, in store: CacheStore) {
        let isFirst = self.state.withLock { state in
            state.sweeps.append(sweep)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if isFirst { Task { await self.run(in: store) } }
    }

    @concurrent
    private func run(in store: CacheStore) async {
        while var sweep = self.next() {
            while store.step(&sweep) { await Task.yield() }
        }
    }

    private func next() -> PurgeSweep? {
        self.state.withLock { state in
            let next = state.sweeps.popFirst()
            if next == nil { state.isRunning = false }
            return next
        }
    }
}
