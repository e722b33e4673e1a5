import GatewaySettings

/// Looks at files of certificates, keys and users at intervals, away from the event loops.
final class FileRefresh: Sendable {
    /// The longest step, because a reload may shorten the interval.
    private static let longestStep = TimeSpan.seconds(1)
    /// The step while there is nothing to look at, which a reload may change.
    private static let pause = TimeSpan.seconds(5)

    private let task: Task<Void, Never>

    /// - Parameters:
    ///   - interval: Returns the time until the next look; nil if there are no files.
    ///   - begin: Called once, at the start.
    ///   - look: Called on a thread that may block.
    init(
        every interval: @escaping @Sendable () -> TimeSpan?,
        begin: @escaping @Sendable () -> Void = {},
        look: @escaping @Sendable () -> Void
    ) {
        self.task = Task {
            begin()
            var waited = TimeSpan.zero
            while !Task.isCancelled {
                let step = interval().map { min($0, Self.longestStep) } ?? Self.pause
                guard (try? await Task.sleep(for: .nanoseconds(step.nanoseconds))) != nil else { return }
                waited = TimeSpan(nanoseconds: waited.nanoseconds + step.nanoseconds)
                guard let interval = interval(), waited >= interval else { continue }
                waited = .zero
                try? await InspectionThread.run { look() }
            }
        }
    }

    func stop() { self.task.cancel() }
}
