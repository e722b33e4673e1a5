import Gateway

/// Publishes events of the program, and follows those of the gateway.
enum Events {
    static func placed(order number: Int, in gateway: GatewayServer) {
        gateway.events.publish(GatewayEvent("order.placed", topic: "app.orders", ["number": .integer(number)]))
    }

    /// Returns when the gateway stops.
    static func follow(_ gateway: GatewayServer) async {
        for await event in gateway.events.subscribe("upstreams.*", "app.*") {
            print("\(event.severity) \(event.type): \(event.json)")
        }
    }
}
