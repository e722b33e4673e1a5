package import GatewayCore

/// The metrics of streams. Kinds are `sse` and `websocket`.
package struct StreamMeters: Sendable {
    package static let clients = MetricDescription(
        "gateway_event_stream_clients",
        .gauge(.sum),
        help: "Open streams of events by kind: sse, websocket.",
        labels: ["kind"]
    )
    package static let messages = MetricDescription(
        "gateway_event_stream_messages_total",
        .counter,
        help: "Messages of streams by kind and result: sent, dropped because the client reads too slowly.",
        labels: ["kind", "result"]
    )

    private struct Kind: Sendable {
        let clients = SharedMeter()
        let sent = SharedMeter()
        let dropped = SharedMeter()
    }

    private let events = Kind()
    private let webSockets = Kind()

    package init() {}

    private func kind(_ format: StreamFormat) -> Kind { format == .events ? self.events : self.webSockets }

    package func register(with registry: MeterRegistry) {
        for format in StreamFormat.allCases {
            let kind = self.kind(format)
            registry.add(kind.clients, as: Self.clients, [format.rawValue])
            registry.add(kind.sent, as: Self.messages, [format.rawValue, "sent"])
            registry.add(kind.dropped, as: Self.messages, [format.rawValue, "dropped"])
        }
    }

    func opened(_ format: StreamFormat) { self.kind(format).clients.add() }
    func closed(_ format: StreamFormat) { self.kind(format).clients.add(-1) }
    func sent(_ count: Int, _ format: StreamFormat) { self.kind(format).sent.add(Double(count)) }
    func dropped(_ count: Int, _ format: StreamFormat) { self.kind(format).dropped.add(Double(count)) }
}
