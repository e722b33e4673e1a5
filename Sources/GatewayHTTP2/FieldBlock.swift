package import NIOCore

/// A field block, from HEADERS and perhaps CONTINUATION frames (RFC 9113 section 4.3).
package struct FieldBlock: Sendable {
    /// The maximum number of CONTINUATION frames (CVE-2024-27316).
    private static let maxContinuations = 128

    package let streamID: UInt32
    package let endsStream: Bool
    package private(set) var bytes: ByteBuffer
    private var continuations = 0

    /// Takes a HEADERS frame.
    package init(_ head: FrameHead, _ payload: ByteBuffer) throws(HTTP2ConnectionError) {
        guard head.streamID != 0 else { throw HTTP2ConnectionError(.protocolError, "HEADERS on stream 0") }
        let content = try head.content(of: payload)
        if head.flags.contains(.priority) {
            let offset = payload.readerIndex + (head.flags.contains(.padded) ? 1 : 0)
            try head.checkDependency(payload.getInteger(at: offset) ?? 0)
        }
        self.streamID = head.streamID
        self.endsStream = head.flags.contains(.endStream)
        self.bytes = content
    }

    /// Takes a CONTINUATION frame.
    ///
    /// - Parameter limit: The maximum size of the list. Compression never lengthens it by more than a few bytes, so a longer
    ///   block is over the limit.
    /// - Returns: Whether the block is too long, or consists of too many frames.
    package mutating func isFlood(adding payload: ByteBuffer, limit: Int) -> Bool {
        self.continuations += 1
        self.bytes.writeImmutableBuffer(payload)
        return self.continuations > Self.maxContinuations || self.bytes.readableBytes > limit
    }
}
