public import GatewayCore
import GatewayEvents

extension GatewayServer {
    /// What happens in the gateway, and what the program itself publishes.
    public var events: Events { Events(self.bus) }

    /// The events of a gateway. They may be used before the gateway runs.
    ///
    /// ```swift
    /// gateway.events.publish(GatewayEvent("order.placed", topic: "app.orders", ["number": 17]))
    /// for await event in gateway.events.subscribe("upstreams.*") { print(event.type) }
    /// ```
    public struct Events: Sendable {
        private let bus: EventBus

        init(_ bus: EventBus) { self.bus = bus }

        /// Publishes an event to streams, webhooks and subscribers. It never waits. If more than `events.queue` events wait
        /// to be handed on, the oldest is dropped.
        ///
        /// - Parameter event: The topic is `app`, `app.NAME` or one of the gateway's own. Any other gets `app.` in front.
        public func publish(_ event: GatewayEvent) {
            self.bus.publish(GatewayEvent(event.type, event.severity, topic: Self.topic(event.topic), event.data))
        }

        /// Returns the events that are published from now on, until the gateway stops.
        ///
        /// - Parameters:
        ///   - topics: Topics such as `config`, and kinds of topics such as `upstreams.*`; `global` is all events. None: all
        ///     events.
        ///   - limit: The maximum number of events that wait for a slow subscriber, at least 1. The oldest are dropped.
        public func subscribe(_ topics: String..., limit: Int = 1000) -> EventSubscription {
            EventSubscription(to: topics.isEmpty ? .global : EventTopics(topics), of: self.bus, limit: max(1, limit))
        }

        private static func topic(_ topic: String) -> String {
            let kind = EventTopic(rawValue: String(topic.prefix { $0 != "." }))
            return kind == nil || kind == .metrics ? "\(EventTopic.app.rawValue).\(topic)" : topic
        }
    }
}
