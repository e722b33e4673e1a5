import GatewayCore
import GatewaySettings

/// `/websockets`: how many WebSockets are open, by route and consumer.
struct WebSocketsEndpoint: AdminEndpoint {
    let path = "/websockets"
    let summary = "Open WebSockets by route and consumer."
    let operation = APIOperation("listWebSockets", .traffic, answers: [.json(Self.schema)])

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

extension WebSocketsEndpoint {
    fileprivate static let schema = APISchema.object([
        "open": .integer("The open WebSockets.", 2),
        "websockets": .list(
            of: .object([
                "route": .text("", "chat"),
                "consumer": .text("Null without credentials.", "acme").orNull,
                "open": .integer("The open WebSockets of the route and the consumer.", 2),
            ])
        ),
    ])
}
