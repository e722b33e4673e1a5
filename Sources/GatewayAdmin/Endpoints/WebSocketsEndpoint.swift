import GatewayCore
import GatewaySettings

/// `/websockets`: how many WebSockets are open, by route and consumer.
struct WebSocketsEndpoint: AdminEndpoint {
    let path = "/websockets"
    let summary = "Open WebSockets by route and consumer."

    package func answer(_ call: AdminCall) throws(AdminRefusal) -> Response {
        let counts = call.status.shared.webSockets.counts
        return .admin([
            "open": .integer(counts.reduce(0) { $0 + $1.open }),
            "websockets": .array(
                counts.map { count in
                    [
                        "route": .string(count.key.route),
                        "consumer": count.key.consumer.map { .string($0) } ?? .null,
                        "open": .integer(count.open),
                    ]
                }
            ),
        ])
    }
}
