import NIOCore

/// The beginning of a request's body, kept while it may have to be sent once more.
struct ReplayBuffer {
    private static let limit = 64 * 1024
    private var chunks: [ByteBuffer] = []
    private var count = 0
    /// False once more has gone than was kept: the body cannot be sent again.
    private(set) var isWhole = true

    mutating func keep(_ chunk: ByteBuffer, if mayBeNeeded: Bool) {
        guard mayBeNeeded, self.isWhole, self.count + chunk.readableBytes <= Self.limit else {
            self.forget()
            return
        }
        self.count += chunk.readableBytes
        self.chunks.append(chunk)
    }

    /// The upstream has answered: what went to it will not be sent again.
    mutating func forget() {
        self.isWhole = false
        self.chunks = []
    }

    func replay(to stream: any UpstreamStream) {
        for chunk in self.chunks { stream.writeBody(chunk) }
    }
}
