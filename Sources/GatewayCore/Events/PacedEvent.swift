package import GatewaySettings
package import NIOCore
import Synchronization

/// An event that clients can cause as often as they like. The first is published at once, further ones once a minute with
/// their number since.
package final class PacedEvent: Sendable {
    private let type: String
    private let topic: String
    private let pace = Mutex(Pace())

    package init(_ type: String, topic: String) {
        self.type = type
        self.topic = topic
    }

    /// Notes one occurrence, and publishes if it is time to.
    package func occurred(at now: NIODeadline, to sink: any EventSink, _ data: [String: JSONValue]) {
        guard case .publish(let count) = self.pace.withLock({ $0.occurred(at: now) }) else { return }
        var data = data
        data["count"] = .integer(count)
        sink.publish(GatewayEvent(self.type, .warning, topic: self.topic, data))
    }

    /// Decides which occurrences are published.
    package struct Pace {
        private var next = NIODeadline.uptimeNanoseconds(0)
        private var count = 0

        package init() {}

        package enum OnOccurrence: Equatable {
            case publish(count: Int)
            case wait
        }

        package mutating func occurred(at now: NIODeadline) -> OnOccurrence {
            self.count += 1
            guard now >= self.next else { return .wait }
            self.next = now + .minutes(1)
            defer { self.count = 0 }
            return .publish(count: self.count)
        }
    }
}
