import NIOCore

/// The start of a request body, kept while the body may have to be sent again.
struct ReplayBuffer {
    private static let limit = 64 * 1024
    /// A copy, because a small shared chunk would retain the whole buffer that it was read into.
    private var kept = ByteBuffer()
    /// Whether everything that was sent is kept. If not, the body cannot be sent again.
    private(set) var isWhole = true

    mutating func keep(_ chunk: ByteBuffer, if mayBeNeeded: Bool) {
        guard mayBeNeeded, self.isWhole, self.kept.readableBytes + chunk.readableBytes <= Self.limit else {
            self.forget()
            return
        }
        self.kept.writeImmutableBuffer(chunk)
    }

    /// Drops the body, which will not be sent again, for example because the upstream has answered.
    mutating func forget() {
        self.isWhole = false
        self.kept = ByteBuffer()
    }

    func replay(to stream: any UpstreamStream) {
        if self.kept.readableBytes > 0 { stream.writeBody(self.kept) }
    }
}
