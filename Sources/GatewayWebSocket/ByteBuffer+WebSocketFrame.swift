package import NIOCore

extension ByteBuffer {
    /// Appends a whole frame to a client, which must not be masked (RFC 6455 section 5.1).
    ///
    /// - Parameter opcode: One of the opcodes of ``WebSocketFrameHead``.
    package mutating func writeWebSocketFrame(_ opcode: UInt8, _ payload: ByteBuffer) {
        let count = payload.readableBytes
        self.writeInteger(0x80 | opcode)
        switch count {
        case ...125: self.writeInteger(UInt8(count))
        case ...0xFFFF:
            self.writeInteger(UInt8(126))
            self.writeInteger(UInt16(count))
        default:
            self.writeInteger(UInt8(127))
            self.writeInteger(UInt64(count))
        }
        self.writeImmutableBuffer(payload)
    }
}
