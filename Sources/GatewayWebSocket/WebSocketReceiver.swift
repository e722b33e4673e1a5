package import NIOCore

/// Reads what a client sends over a WebSocket that ends in the gateway.
///
/// It checks each frame as ``WebSocketStream`` does, removes masks and joins the fragments of messages.
package struct WebSocketReceiver {
    package enum Event: Equatable, Sendable {
        case text(ByteBuffer)
        case binary(ByteBuffer)
        /// Answer with a pong that has the same payload.
        case ping(ByteBuffer)
        /// A close frame with this code; ``WebSocketCloseCode/none`` without one. Nothing follows.
        case close(UInt16)
        /// The client has broken a rule. Close with this code; nothing follows.
        case violation(UInt16)
    }

    private var stream: WebSocketStream
    private var reader = WebSocketFrameHeadReader()
    /// Checked bytes that were not read yet.
    private var checked = ByteBuffer()
    private var isInPayload = false
    private var left: UInt64 = 0
    private var mask = WebSocketMask(0)
    private var message = ByteBuffer()
    private var isText = false
    private var control = ByteBuffer()

    /// - Parameter maxMessage: The maximum size of a message in bytes.
    package init(maxMessage: UInt64) {
        self.stream = WebSocketStream(rules: WebSocketRules(isMasked: true, maxMessage: maxMessage))
    }

    /// Takes the next event from the front of `chunk`. Returns nil if more bytes are needed.
    package mutating func next(_ chunk: inout ByteBuffer) -> Event? {
        while true {
            if let event = self.read() { return event }
            switch self.stream.next(&chunk) {
            case .forward(let bytes): self.checked = bytes
            case .boundary: continue
            case .close(let code): return .close(code)
            case .violation(let code): return .violation(code)
            case nil: return nil
            }
        }
    }

    private mutating func read() -> Event? {
        while self.checked.readableBytes > 0 {
            if !self.isInPayload {
                guard let byte = self.checked.readInteger(as: UInt8.self), self.reader.read(byte) else { continue }
                self.beginFrame()
            }
            self.readPayload()
            guard self.left == 0 else { return nil }
            self.isInPayload = false
            if let event = self.endFrame() { return event }
        }
        return nil
    }

    private mutating func beginFrame() {
        let head = self.reader.head
        self.isInPayload = true
        self.left = head.length
        self.mask = WebSocketMask(head.mask)
        if head.opcode == WebSocketFrameHead.text || head.opcode == WebSocketFrameHead.binary {
            self.isText = head.opcode == WebSocketFrameHead.text
        }
    }

    private mutating func readPayload() {
        let count = Int(min(self.left, UInt64(self.checked.readableBytes)))
        guard count > 0, let masked = self.checked.readSlice(length: count) else { return }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        for byte in masked.readableBytesView { bytes.append(self.mask.unmask(byte)) }
        self.left -= UInt64(count)
        if self.reader.head.isControl { self.control.writeBytes(bytes) } else { self.message.writeBytes(bytes) }
    }

    private mutating func endFrame() -> Event? {
        let head = self.reader.head
        if head.isControl {
            let payload = self.control
            self.control = ByteBuffer()
            return head.opcode == WebSocketFrameHead.ping ? .ping(payload) : nil
        }
        guard head.isFinal else { return nil }
        let message = self.message
        self.message = ByteBuffer()
        return self.isText ? .text(message) : .binary(message)
    }
}
