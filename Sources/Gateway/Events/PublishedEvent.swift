public import GatewayCore
import GatewayEvents
public import GatewaySettings
import NIOCore

/// An event as subscribers receive it.
public struct PublishedEvent: Sendable {
    /// A UUIDv7. IDs rise in the order of events.
    public let id: String
    /// When the event was published, in milliseconds since 1970.
    public let time: Int64
    /// What happened.
    public let event: GatewayEvent
    /// The event as JSON on one line, as streams and webhooks send it.
    public let json: String

    init(_ event: Event) {
        self.id = "\(event.id)"
        self.time = event.time
        self.event = event.event
        self.json = String(buffer: event.json)
    }

    /// What happened: `upstream.down`, for example.
    public var type: String { self.event.type }
    /// How urgent it is.
    public var severity: EventSeverity { self.event.severity }
    /// What it is about: `upstreams.NAME`, for example.
    public var topic: String { self.event.topic }
    /// The details by name.
    public var data: [String: JSONValue] { self.event.data }
}
