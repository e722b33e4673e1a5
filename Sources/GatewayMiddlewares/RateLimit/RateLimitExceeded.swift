import GatewayCore
import GatewaySettings

/// Tells operators that a limit of a route rejects requests. The limits of a route share the event.
struct RateLimitExceeded {
    private let event: PacedEvent
    private let worker: Worker

    init(in context: BuildContext) {
        let route = context.route
        self.event = context.shared("exceeded \(route)") {
            PacedEvent("rate_limit.exceeded", topic: "routes.\(route)")
        }
        self.worker = context.worker
    }

    func occurred(_ exchange: Exchange) {
        self.event.occurred(on: self.worker) {
            let address = String(decoding: exchange.clientAddress.text, as: UTF8.self)
            return ["route": .string(exchange.route), "address": .string(address)]
        }
    }
}
