import GatewayWebSocket

/// The meters of the WebSockets of one route on one event loop.
package final class WebSocketMeters {
    package static let connections = MetricDescription(
        "gateway_websocket_connections",
        .gauge(.sum),
        help: "Open WebSockets.",
        labels: ["route"]
    )
    package static let handshakes = MetricDescription(
        "gateway_websocket_handshakes_total",
        .counter,
        help: "Handshakes of WebSockets by result: accepted, refused.",
        labels: ["route", "result"]
    )
    package static let messages = MetricDescription(
        "gateway_websocket_messages_total",
        .counter,
        help: "Messages from clients (in) and to clients (out).",
        labels: ["route", "direction"]
    )
    package static let bytes = MetricDescription(
        "gateway_websocket_bytes_total",
        .counter,
        help: "Bytes of frames from clients (in) and to clients (out).",
        labels: ["route", "direction"],
        unit: .bytes
    )
    package static let closed = MetricDescription(
        "gateway_websocket_closed_total",
        .counter,
        help: "Ended WebSockets by the code of the first close frame. 1006 means that there was none, _OTHER "
            + "stands for codes outside 1000 to 1014.",
        labels: ["route", "code"]
    )

    let connections: Gauge
    let accepted: Counter
    let refused: Counter
    private let messages: (client: Counter, upstream: Counter)
    private let bytes: (client: Counter, upstream: Counter)
    private let route: String
    private let shard: MeterShard

    init(route: String, shard: MeterShard) {
        self.route = route
        self.shard = shard
        self.connections = shard.gauge(Self.connections, [route])
        self.accepted = shard.counter(Self.handshakes, [route, "accepted"])
        self.refused = shard.counter(Self.handshakes, [route, "refused"])
        self.messages = (shard.counter(Self.messages, [route, "in"]), shard.counter(Self.messages, [route, "out"]))
        self.bytes = (shard.counter(Self.bytes, [route, "in"]), shard.counter(Self.bytes, [route, "out"]))
    }

    func received(bytes: Int, messages: UInt64, from side: WebSocketTunnel.Side) {
        (side == .client ? self.bytes.client : self.bytes.upstream).add(UInt64(bytes))
        if messages > 0 { (side == .client ? self.messages.client : self.messages.upstream).add(messages) }
    }

    func closed(_ code: UInt16) {
        let label = (1000...1014).contains(code) ? String(code) : MetricLabel.other
        self.shard.counter(Self.closed, [self.route, label]).add()
    }
}

@available(*, unavailable)
extension WebSocketMeters: Sendable {}
