import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// How long a test waits for an event. Only failing tests wait this long.
enum Patience {
    #if GATEWAY_SANITIZED
        /// Sanitizers slow everything down.
        static let seconds: Int64 = 90
    #else
        static let seconds: Int64 = 15
    #endif
}

/// A one-time event that tasks can wait for.
final class Signal: Sendable {
    private let promise = RawConnection.group.next().makePromise(of: Void.self)
    private let isFired = NIOLockedValueBox(false)

    deinit { self.fire() }

    func fire() {
        let isFirst = self.isFired.withLockedValue { fired in
            defer { fired = true }
            return !fired
        }
        if isFirst { self.promise.succeed() }
    }

    func wait(within limit: TimeAmount = .seconds(Patience.seconds)) async throws {
        let eventLoop = self.promise.futureResult.eventLoop
        let done = eventLoop.makePromise(of: Void.self)
        let timeout = eventLoop.scheduleTask(in: limit) { done.fail(TimedOut(what: "a signal")) }
        self.promise.futureResult.whenSuccess { done.succeed() }
        done.futureResult.whenComplete { _ in timeout.cancel() }
        try await done.futureResult.get()
    }
}

/// Polls until a condition holds.
func eventually(
    _ what: String,
    within limit: Duration = .seconds(Patience.seconds),
    _ condition: @Sendable () -> Bool
) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    while !condition() {
        guard clock.now < deadline else { throw TimedOut(what: what) }
        try await Task.sleep(for: .milliseconds(1))
    }
}

/// Counts the bytes that one task has sent, for another task to read.
final class ByteCounter: Sendable {
    private let count = NIOLockedValueBox(0)

    var value: Int { self.count.withLockedValue { $0 } }
    func add(_ bytes: Int) { self.count.withLockedValue { $0 += bytes } }
}

/// Polls until an asynchronous condition holds.
func eventuallyAsync(
    _ what: String,
    within limit: Duration = .seconds(Patience.seconds),
    _ condition: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    while try await !condition() {
        guard clock.now < deadline else { throw TimedOut(what: what) }
        try await Task.sleep(for: .milliseconds(5))
    }
}
