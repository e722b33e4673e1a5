package import GatewaySettings

/// Something that happened in the gateway and that operators may want to know.
package struct GatewayEvent: Sendable, Equatable {
    package enum Severity: String, Sendable {
        case info, warning, critical
    }

    /// `upstream.down`, for example.
    package let type: String
    package let severity: Severity
    /// What the event is about: `upstreams.NAME`, `config`, `gateway`.
    package let topic: String
    package let data: [String: JSONValue]

    package init(_ type: String, _ severity: Severity, topic: String, _ data: [String: JSONValue] = [:]) {
        self.type = type
        self.severity = severity
        self.topic = topic
        self.data = data
    }
}

/// Receives the events of the gateway.
package protocol EventSink: Sendable {
    /// Called on any thread, including event loops. It must not block.
    func publish(_ event: GatewayEvent)

    /// Returns a sink for one worker, which publishes on its event loop only. Workers do not wait for each other.
    func makeWorkerSink() -> any EventSink
}

extension EventSink {
    package func makeWorkerSink() -> any EventSink { self }
}

/// Drops all events.
package struct NoEvents: EventSink {
    package init() {}
    package func publish(_ event: GatewayEvent) {}
}
