import NIOCore

/// The beginning of a request's body, kept while it may have to be sent once more.
struct ReplayBuffer {
    private static let limit = 64 * 1024
    /// A copy: a small chunk that was shared would hold the whole buffer that it was read into.
    private var kept = ByteBuffer()
    /// False once more has gone than was kept: the body cannot be sent again.
    private(set) var isWhole = true

    package mutating func keep(_ chunk: ByteBuffer, if mayBeNeeded: Bool) {
        guard mayBeNeeded, self.isWhole, self.kept.readableBytes + chunk.readableBytes <= Self.limit else {
            self.forget()
            return
        }
        self.kept.writeImmutableBuffer(chunk)
    }

    /// The upstream has answered: what went to it will not be sent again.
    mutating func forget() {
        self.isWhole = false
        self.kept = ByteBuffer()
    }

    func replay(to stream: any UpstreamStream) {
        if self.kept.readableBytes > 0 { stream.writeBody(self.kept) }
    }
}
