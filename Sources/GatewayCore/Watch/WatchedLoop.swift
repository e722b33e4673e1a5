import Logging
import NIOCore
import Synchronization

/// Watches the event loop of a worker, and reports when it stalls and when it runs again.
struct WatchedLoop {
    private let worker: NIOLoopBound<Worker>
    private let index: Int
    private let activity: LoopActivity
    private let answer = Answer()
    private var watch: StallWatch

    /// Set by the loop when it has run its task.
    private final class Answer: Sendable {
        let isGiven = Atomic(true)
    }

    /// Creates the watch of a loop that responds.
    init(_ worker: NIOLoopBound<Worker>, _ watch: StallWatch) async throws {
        self.worker = worker
        self.watch = watch
        (self.index, self.activity) = try await worker.eventLoop.submit {
            (worker.value.index, worker.value.activity)
        }.get()
    }

    mutating func look(after elapsed: TimeAmount, _ shared: SharedState, _ stalls: SharedMeter, _ log: Logger) {
        switch self.watch.look(hasAnswered: self.answer.isGiven.load(ordering: .acquiring), after: elapsed) {
        case .nothing: break
        case .ask: self.ask()
        case .stalled(let time):
            shared.loopStalled()
            stalls.add()
            log.error(
                "an event loop does not respond; its connections wait",
                metadata: [
                    "worker": "\(self.index)", "running": "\(self.activity.description ?? "unknown")",
                    "seconds": "\(time.nanoseconds / 1_000_000_000)",
                ]
            )
        case .recovered(let time):
            shared.loopRecovered()
            log.notice(
                "an event loop responds again",
                metadata: ["worker": "\(self.index)", "seconds": "\(time.nanoseconds / 1_000_000_000)"]
            )
        }
    }

    /// Gives the loop a task that measures how late it runs.
    private func ask() {
        self.answer.isGiven.store(false, ordering: .relaxed)
        let asked = NIODeadline.now()
        self.worker.eventLoop.execute { [worker, answer] in
            worker.value.observeLag(.now() - asked)
            answer.isGiven.store(true, ordering: .releasing)
        }
    }
}
