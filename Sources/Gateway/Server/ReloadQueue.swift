import NIOConcurrencyHelpers

/// Runs reloads one at a time, in the order in which they were requested.
final class ReloadQueue: Sendable {
    private let last = NIOLockedValueBox<Task<Void, Never>?>(nil)

    func run<Outcome: Sendable>(_ reload: @escaping @Sendable () async -> Outcome) async -> Outcome {
        let task = self.last.withLockedValue { last in
            let previous = last
            let task = Task {
                await previous?.value
                return await reload()
            }
            last = Task { _ = await task.value }
            return task
        }
        return await task.value
    }
}
