package import GatewayCore
import GatewayHTTP
package import GatewaySettings
package import NIOCore

/// An event that was accepted: with its ID, its time and its JSON text.
package struct Event: Sendable {
    /// A UUIDv7 (RFC 9562 section 5.7). IDs rise in the order of events.
    package let id: EventID
    /// Milliseconds since 1970.
    package let time: Int64
    package let event: GatewayEvent
    /// The event as JSON on one line, without a line end.
    package let json: ByteBuffer

    package var type: String { self.event.type }
    package var severity: EventSeverity { self.event.severity }
    package var topic: String { self.event.topic }
    package var data: [String: JSONValue] { self.event.data }

    /// - Parameter gateway: The gateway that publishes the event, as `HOST:PID`.
    package init(_ event: GatewayEvent, id: EventID, time: Int64, gateway: String) {
        self.id = id
        self.time = time
        self.event = event
        let value: JSONValue = [
            "id": .string("\(id)"),
            "time": .string(CivilTime.rfc3339WithMilliseconds(time)),
            "type": .string(event.type),
            "severity": .string(event.severity.rawValue),
            "topic": .string(event.topic),
            "gateway": .string(gateway),
            "data": .sorted(event.data),
        ]
        self.json = ByteBuffer(string: JSONText.text(value))
    }
}
