import GatewaySettings
import GatewayWebSocket
package import NIOCore

/// How a stream sends its messages.
package enum StreamFormat: String, CaseIterable, Sendable {
    /// Server-Sent Events (HTML standard, section 9.2).
    case events = "sse"
    case webSocket = "websocket"

    /// Encodes a message.
    ///
    /// - Parameters:
    ///   - json: The message on one line.
    ///   - type: The type of the message.
    ///   - id: The ID of the event in the message.
    package func encode(_ json: ByteBuffer, type: StaticString, id: EventID? = nil) -> ByteBuffer {
        var message = ByteBuffer()
        switch self {
        case .events:
            if let id { message.writeString("id: \(id)\n") }
            message.writeString("event: ")
            message.writeStaticString(type)
            message.writeString("\ndata: ")
            message.writeImmutableBuffer(json)
            message.writeString("\n\n")
        case .webSocket: message.writeWebSocketFrame(WebSocketFrameHead.text, json)
        }
        return message
    }

    /// What a client gets first: how long to wait, in milliseconds, before it connects again.
    package var preamble: ByteBuffer? {
        switch self {
        case .events: ByteBuffer(string: "retry: 2000\n\n")
        case .webSocket: nil
        }
    }

    /// What a client gets when there is nothing else. It keeps proxies from closing the connection.
    package var heartbeat: ByteBuffer {
        switch self {
        case .events: ByteBuffer(string: ": heartbeat\n\n")
        case .webSocket: self.encode(ByteBuffer(string: #"{"type":"heartbeat"}"#), type: "heartbeat")
        }
    }

    /// - Parameter missed: The number of lost messages, for the code `lagging`.
    package func error(_ code: String, _ message: String, missed: Int? = nil) -> ByteBuffer {
        var members: [JSONValue.Member] = [
            .init(name: "type", value: "error"),
            .init(name: "code", value: .string(code)),
            .init(name: "message", value: .string(message)),
        ]
        if let missed { members.append(.init(name: "missed", value: .integer(missed))) }
        return self.encode(ByteBuffer(string: JSONText.text(.object(members))), type: "error")
    }

    package func subscription(_ topics: [String]) -> ByteBuffer {
        let value: JSONValue = ["type": "subscription", "topics": .array(topics.map { .string($0) })]
        return self.encode(ByteBuffer(string: JSONText.text(value)), type: "subscription")
    }
}
