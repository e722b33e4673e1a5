package import GatewaySettings
import NIOCore
import Synchronization

/// An event that clients can cause as often as they like, shared by all workers. The first occurrence is published at
/// once, further ones once a minute with their number since, until a minute passes without any.
///
/// An occurrence that is not published costs one atomic operation.
package final class PacedEvent: Sendable {
    private let type: String
    private let topic: String
    /// The occurrences that no event has told of.
    private let count = Atomic(0)
    private let pace = Mutex(Pace())

    package init(_ type: String, topic: String) {
        self.type = type
        self.topic = topic
    }

    /// Notes one occurrence, and publishes if it is time to.
    ///
    /// - Parameter data: The details without the count. Called for the first occurrence after an event only.
    @inline(__always)
    package func occurred(on worker: Worker, _ data: () -> [String: JSONValue]) {
        if self.count.add(1, ordering: .relaxed).oldValue == 0 { self.first(on: worker, data()) }
    }

    @inline(never)
    private func first(on worker: Worker, _ data: [String: JSONValue]) {
        let count = self.pace.withLock { pace in
            switch pace.occurred(data) {
            case .publish: self.count.exchange(0, ordering: .relaxed)
            case .wait: 0
            }
        }
        guard count > 0 else { return }
        self.publish(count, data, on: worker)
    }

    private func minutePassed(on worker: Worker) {
        let outcome = self.pace.withLock { pace -> (count: Int, data: [String: JSONValue])? in
            switch pace.minutePassed(count: self.count.load(ordering: .relaxed)) {
            case .publish(let data): (self.count.exchange(0, ordering: .relaxed), data)
            case .wait: (0, [:])
            case .rest: nil
            }
        }
        guard let (count, data) = outcome else { return }
        if count > 0 { self.publish(count, data, on: worker) } else { self.lookInAMinute(on: worker) }
    }

    private func publish(_ count: Int, _ data: [String: JSONValue], on worker: Worker) {
        var data = data
        data["count"] = .integer(count)
        worker.events.publish(GatewayEvent(self.type, .warning, topic: self.topic, data))
        self.lookInAMinute(on: worker)
    }

    private func lookInAMinute(on worker: Worker) {
        let bound = NIOLoopBound(worker, eventLoop: worker.eventLoop)
        worker.eventLoop.scheduleTask(in: .minutes(1)) { self.minutePassed(on: bound.value) }
    }

    /// Decides when to publish. The count is kept apart, so that most occurrences need no lock.
    struct Pace {
        /// Whether an event was published less than a minute ago.
        private var isResting = false
        /// The details of the first occurrence since.
        private var waiting: [String: JSONValue]?

        enum OnOccurrence: Equatable {
            /// Publish, and look again in a minute.
            case publish
            case wait
        }

        /// The first occurrence since the count was zero.
        mutating func occurred(_ data: [String: JSONValue]) -> OnOccurrence {
            guard self.isResting else {
                self.isResting = true
                return .publish
            }
            self.waiting = data
            return .wait
        }

        enum OnMinute: Equatable {
            /// Publish, and look again in a minute.
            case publish([String: JSONValue])
            /// Another thread has counted the first occurrence and will tell of it. Look again in a minute.
            case wait
            /// Nothing has happened. The next occurrence is published at once.
            case rest
        }

        /// A minute has passed since the last event.
        ///
        /// - Parameter count: The occurrences since.
        mutating func minutePassed(count: Int) -> OnMinute {
            if let data = self.waiting {
                self.waiting = nil
                return .publish(data)
            }
            if count > 0 { return .wait }
            self.isResting = false
            return .rest
        }
    }
}
