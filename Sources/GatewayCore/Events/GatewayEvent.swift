public import GatewaySettings

/// Something that happened in the gateway, or in the program that embeds it, and that operators may want to know.
public struct GatewayEvent: Sendable, Hashable {
    /// What happened: `upstream.down`, for example.
    public let type: String
    /// How urgent it is.
    public let severity: EventSeverity
    /// What it is about: `gateway`, `config`, `alerts`, `upstreams.NAME`, `routes.NAME`, or `app` and `app.NAME` for the
    /// events of the embedding program.
    public let topic: String
    /// The details by name.
    public let data: [String: JSONValue]

    /// Creates an event.
    ///
    /// - Parameters:
    ///   - type: What happened, in the form `order.placed`.
    ///   - severity: How urgent it is.
    ///   - topic: What it is about.
    ///   - data: The details by name.
    public init(
        _ type: String,
        _ severity: EventSeverity = .info,
        topic: String = "app",
        _ data: [String: JSONValue] = [:]
    ) {
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
