import GatewayWebSocket
package import NIOCore

/// The gateway's end of a WebSocket: what it does with the frames of the client, and how the WebSocket closes.
package struct StreamSocket {
    /// The maximum size of a message from a client in bytes.
    package static let maxMessage: UInt64 = 64 * 1024
    /// How long a client may take to answer a close frame (RFC 6455 section 7.1.1).
    package static let closeTimeout = TimeAmount.seconds(5)

    private enum State: Hashable {
        /// → closing, closed
        case open
        /// The client was sent a close frame, and its answer is awaited. → closed
        case closing
        /// Final.
        case closed
    }

    private var state = State.open
    private var receiver = WebSocketReceiver(maxMessage: Self.maxMessage)

    package init() {}

    /// Whether messages may be sent to the client.
    package var isOpen: Bool { self.state == .open }

    package enum OnBytes: Equatable, Sendable {
        /// A message of the client; nil if it is not text.
        case message(ByteBuffer?)
        /// Write this frame.
        case write(ByteBuffer)
        /// Write this frame, if there is one, and end the connection.
        case end(ByteBuffer?)
    }

    /// Takes the next action for bytes of the client. Returns nil if more bytes are needed.
    package mutating func next(_ chunk: inout ByteBuffer) -> OnBytes? {
        while self.state != .closed, let event = self.receiver.next(&chunk) {
            switch event {
            case .text(let message) where self.isOpen: return .message(message)
            case .binary where self.isOpen: return .message(nil)
            case .ping(let payload) where self.isOpen:
                var frame = ByteBuffer()
                frame.writeWebSocketFrame(WebSocketFrameHead.pong, payload)
                return .write(frame)
            case .text, .binary, .ping: continue
            case .close(let code): return self.end(code)
            case .violation(let code): return self.end(code)
            }
        }
        return nil
    }

    /// Ends the connection, with a close frame unless one was sent.
    private mutating func end(_ code: UInt16) -> OnBytes {
        defer { self.state = .closed }
        guard self.isOpen else { return .end(nil) }
        return .end(Self.closeFrame(code))
    }

    /// Closes the WebSocket. Returns the frame to write; nil if it closes already.
    package mutating func close(_ code: UInt16) -> ByteBuffer? {
        guard self.isOpen else { return nil }
        self.state = .closing
        return Self.closeFrame(code)
    }

    private static func closeFrame(_ code: UInt16) -> ByteBuffer {
        var payload = ByteBuffer()
        // A close frame without a code is answered by one without.
        if code != WebSocketCloseCode.none { payload.writeInteger(code) }
        var frame = ByteBuffer()
        frame.writeWebSocketFrame(WebSocketFrameHead.close, payload)
        return frame
    }
}
