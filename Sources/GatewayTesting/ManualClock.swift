import NIOConcurrencyHelpers
public import NIOCore
import NIOEmbedded

/// The clock of a ``TestRoute``. Time passes only when a test advances it.
public final class ManualClock: Sendable {
    let eventLoop = NIOAsyncTestingEventLoop()
    private let start: Int64
    private let origin: NIODeadline

    /// Creates a clock.
    ///
    /// - Parameter unixSeconds: The initial time, in seconds since 1970.
    public init(unixSeconds: Int = 1_767_225_600) {
        self.start = Int64(unixSeconds) * 1000
        self.origin = self.eventLoop.now
    }

    /// Advances the clock. Runs everything that is due, in order and at its scheduled time.
    public func advance(by amount: TimeAmount) async { await self.eventLoop.advanceTime(by: amount) }

    /// The current time, in milliseconds since 1970.
    public var unixMilliseconds: Int64 { self.start + (self.eventLoop.now - self.origin).nanoseconds / 1_000_000 }

    /// Waits until the clock has advanced by this amount.
    ///
    /// - Throws: `CancellationError` when the task is cancelled.
    func sleep(for amount: TimeAmount, _ scheduled: @escaping @Sendable () -> Void = {}) async throws {
        let promise = self.eventLoop.makePromise(of: Void.self)
        // Only the first result counts, because a promise can be completed only once.
        let isOver = NIOLockedValueBox(false)
        @Sendable func end(_ result: Result<Void, any Error>) {
            let wasOver = isOver.withLockedValue { over in
                defer { over = true }
                return over
            }
            if !wasOver { promise.completeWith(result) }
        }
        try await withTaskCancellationHandler {
            self.eventLoop.scheduleTask(in: amount) { end(.success(())) }
            await self.eventLoop.run()
            scheduled()
            try await promise.futureResult.get()
        } onCancel: {
            end(.failure(CancellationError()))
        }
    }
}
