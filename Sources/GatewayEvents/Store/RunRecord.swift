import GatewayCore
import NIOCore

/// Notes in the event store that the gateway runs, and finds out whether the last run shut down cleanly. It belongs to the
/// event loop of the events.
///
/// Only the process that owns the store does so. During a handover, the old process ends its record before the new one
/// becomes the owner.
final class RunRecord {
    /// How often to look whether this process has become the owner.
    private static let interval = TimeAmount.milliseconds(200)

    private let store: EventStore
    private let eventLoop: any EventLoop
    private let run: StoredRun
    private var look: RepeatedTask?

    init(in store: EventStore, of gateway: String, on eventLoop: any EventLoop) {
        self.store = store
        self.eventLoop = eventLoop
        self.run = StoredRun(
            gateway: gateway,
            version: GatewayVersion.current,
            started: Platform.unixMilliseconds()
        )
    }

    /// - Parameter crashed: Called on the event loop if the last run did not shut down cleanly.
    func begin(_ crashed: @escaping (StoredRun) -> Void) {
        // Memory does not outlive a run.
        if self.store.path.isEmpty { return }
        let record = NIOLoopBound((self, crashed), eventLoop: self.eventLoop)
        self.look = self.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: Self.interval) { task in
            let (record, crashed) = record.value
            guard record.store.condition.isOwner, record.store.condition.problem == nil else { return }
            task.cancel()
            record.begin(then: crashed)
        }
    }

    private func begin(then crashed: @escaping (StoredRun) -> Void) {
        let crashed = NIOLoopBound(crashed, eventLoop: self.eventLoop)
        let run = self.run
        self.store.run(on: self.eventLoop) { connection throws(SQLiteError) in
            try RunRows.begin(run, in: connection)
        }.whenSuccess { last in if let last { crashed.value(last) } }
    }

    /// Call it before the store is closed or left to another process.
    func end() -> EventLoopFuture<Void> {
        guard let look = self.look else { return self.eventLoop.makeSucceededVoidFuture() }
        self.look = nil
        look.cancel()
        let run = self.run
        return self.store.run(on: self.eventLoop) { connection throws(SQLiteError) in
            try RunRows.end(run, in: connection)
        }
    }
}

@available(*, unavailable)
extension RunRecord: Sendable {}
