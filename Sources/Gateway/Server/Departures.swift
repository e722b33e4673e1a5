import NIOConcurrencyHelpers

/// Work that ends what a reload replaced, one after the other in the background.
final class Departures: Sendable {
    private let last = NIOLockedValueBox<Task<Void, Never>?>(nil)

    func add(_ work: @escaping @Sendable () async -> Void) {
        self.last.withLockedValue { last in
            let previous = last
            last = Task {
                await previous?.value
                await work()
            }
        }
    }

    /// Waits until everything that was added has ended.
    func wait() async { await self.last.withLockedValue { $0 }?.value }
}
