import GatewayHTTP
import GatewayWebSocket
import HTTPTypes
import NIOCore

/// The page `/ws` of the demo upstream: it sends back each message, and answers pings and the closing handshake.
struct DemoWebSocket {
    private var reader = WebSocketFrameHeadReader()
    private var mask = WebSocketMask(0)
    private var left: UInt64 = 0
    /// Whether the payload is sent back.
    private var isEchoed = false
    private var isClose = false
    /// Whether a close frame was answered, after which nothing follows.
    private(set) var isOver = false

    /// Returns what answers the client's next bytes.
    mutating func answer(_ bytes: ByteBuffer) -> ByteBuffer {
        var answer = ByteBuffer()
        for byte in bytes.readableBytesView where !self.isOver {
            if self.left > 0 {
                if self.isEchoed { answer.writeInteger(self.mask.unmask(byte)) }
                self.left -= 1
                self.isOver = self.left == 0 && self.isClose
            } else if self.reader.read(byte) {
                self.begin(self.reader.head, &answer)
            }
        }
        return answer
    }

    private mutating func begin(_ head: WebSocketFrameHead, _ answer: inout ByteBuffer) {
        self.left = head.length
        self.mask = WebSocketMask(head.mask)
        self.isEchoed = head.opcode != WebSocketFrameHead.pong
        self.isClose = head.opcode == WebSocketFrameHead.close
        if self.isEchoed { head.writeReply(into: &answer) }
        self.isOver = self.isClose && head.length == 0
    }

    /// Answers the request for the page.
    static func respond(to request: AsyncRequest) -> AsyncResponse {
        let fields = request.head.headerFields
        guard fields[.upgrade] == "websocket", let key = fields[.secWebSocketKey] else { return self.needsUpgrade }
        var text = key
        let value = text.withUTF8 { WebSocketHandshake.accept(for: UnsafeRawBufferPointer($0)) }
        var response = AsyncResponse(
            status: .switchingProtocols,
            body: .stream { writer in
                var echo = Self()
                for try await chunk in request.body {
                    let answer = echo.answer(chunk)
                    if answer.readableBytes > 0 { try await writer.write(answer) }
                    if echo.isOver { return }
                }
            }
        )
        response.head.headerFields[.secWebSocketAccept] = String(decoding: value, as: UTF8.self)
        return response
    }

    /// The answer to other requests for the page. It has to name the protocol (RFC 9110 section 15.5.22).
    private static var needsUpgrade: AsyncResponse {
        var response = AsyncResponse.problem(.upgradeRequired, "This page is a WebSocket.")
        response.head.headerFields[.upgrade] = "websocket"
        return response
    }
}

extension WebSocketFrameHead {
    /// Writes the head of the frame that sends the payload back: not masked, and a pong for a ping.
    fileprivate func writeReply(into buffer: inout ByteBuffer) {
        let opcode = self.opcode == Self.ping ? Self.pong : self.opcode
        buffer.writeInteger(opcode | (self.isFinal ? 0x80 : 0))
        switch self.length {
        case ..<126: buffer.writeInteger(UInt8(self.length))
        case ..<65536:
            buffer.writeInteger(UInt8(126))
            buffer.writeInteger(UInt16(self.length))
        default:
            buffer.writeInteger(UInt8(127))
            buffer.writeInteger(self.length)
        }
    }
}
