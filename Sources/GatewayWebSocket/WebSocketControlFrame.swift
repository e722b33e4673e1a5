package import NIOCore

/// A control frame that the gateway itself sends (RFC 6455 section 5.5).
package enum WebSocketControlFrame: Hashable, Sendable {
    case ping(UInt64)
    case close(UInt16)

    /// Appends the frame.
    ///
    /// - Parameter mask: The masking key of a frame to an upstream, or nil for a frame to a client, which must not be
    ///   masked (RFC 6455 section 5.1).
    package func write(mask: UInt32?, into buffer: inout ByteBuffer) {
        let count: UInt8
        let payload: UInt64
        switch self {
        case .ping(let token):
            count = 8
            payload = token
            buffer.writeInteger(0x80 | WebSocketFrameHead.ping)
        case .close(let code):
            count = 2
            payload = UInt64(code.byteSwapped)
            buffer.writeInteger(0x80 | WebSocketFrameHead.close)
        }
        buffer.writeInteger(mask == nil ? count : count | 0x80)
        if let mask { buffer.writeInteger(mask, endianness: .little) }
        let key = WebSocketMask(mask ?? 0)
        for index in 0..<UInt64(count) {
            buffer.writeInteger(UInt8(truncatingIfNeeded: (payload ^ key.word) >> (8 * index)))
        }
    }
}
