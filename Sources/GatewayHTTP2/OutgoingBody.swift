package import NIOCore

/// The part of a body that waits for the peer's window (RFC 9113 section 5.2).
package struct OutgoingBody: Sendable {
    /// Beyond so many bytes that were sent, those behind them are moved to the front.
    private static let slack = 128 * 1024

    /// What the peer accepts. A change of its settings may make it negative.
    package private(set) var window: Int
    private var bytes = ByteBuffer()

    package init(window: Int) { self.window = window }

    /// The number of bytes that wait.
    package var count: Int { self.bytes.readableBytes }
    /// Whether there are bytes that the window allows to send.
    package var canSend: Bool { self.window > 0 && self.count > 0 }

    package mutating func append(_ chunk: ByteBuffer) {
        guard self.count > 0 else {
            self.bytes = chunk
            return
        }
        if self.bytes.readerIndex > Self.slack { self.bytes.discardReadBytes() }
        self.bytes.writeImmutableBuffer(chunk)
    }

    /// Changes the window. Returns false if it would exceed the maximum, which is an error of the peer.
    package mutating func widen(by change: Int) -> Bool {
        guard self.window + change <= FlowWindow.maximum else { return false }
        self.window += change
        return true
    }

    /// Takes the bytes of the next frame. Nil if there are none, or the window is used up.
    package mutating func next(limit: Int) -> ByteBuffer? {
        let count = min(limit, self.window, self.count)
        guard count > 0, let piece = self.bytes.readSlice(length: count) else { return nil }
        self.window -= count
        if self.count == 0 { self.bytes = ByteBuffer() }
        return piece
    }

    package mutating func drop() { self.bytes = ByteBuffer() }
}
