import NIOCore

/// The start of a request body, kept while the body may have to be sent again.
struct ReplayBuffer {
    /// How much is kept for another endpoint or connection, in bytes.
    private static let failoverLimit = 64 * 1024
    /// How much is kept for a retry, in bytes.
    private let retryLimit: Int
    private var kept = ByteBuffer()
    /// Whether everything that was sent is kept. If not, the body cannot be sent again.
    private(set) var isWhole = true

    /// - Parameter retryLimit: How much to keep for a retry, until ``forget()``. With 0, a body that has begun to flow is
    ///   not retried, and is dropped when a response begins.
    init(retryLimit: Int = 0) { self.retryLimit = retryLimit }

    /// Whether everything that was sent can be sent again by a retry.
    var isWholeForRetry: Bool { self.isWhole && self.kept.readableBytes <= self.retryLimit }

    /// Records that a part of the body was sent.
    ///
    /// - Parameter mayBeNeeded: Whether the body may have to go to another endpoint or connection.
    mutating func keep(_ chunk: ByteBuffer, if mayBeNeeded: Bool) {
        guard self.isWhole else { return }
        let count = self.kept.readableBytes + chunk.readableBytes
        guard mayBeNeeded && count <= Self.failoverLimit || count <= self.retryLimit else { return self.forget() }
        // Copy a chunk that would retain a much larger buffer, the one that it was read into.
        if self.kept.readableBytes == 0, chunk.readableBytes * 2 >= chunk.storageCapacity {
            self.kept = chunk
        } else {
            self.kept.writeImmutableBuffer(chunk)
        }
    }

    /// Drops the body, which will not be sent again.
    mutating func forget() {
        self.isWhole = false
        if self.kept.readableBytes > 0 { self.kept = ByteBuffer() }
    }

    /// Drops the body because the upstream answers, unless a retry may still need it.
    mutating func answered() {
        if self.retryLimit == 0 { self.forget() }
    }

    /// Returns what was kept. The body will be sent from the start.
    mutating func takeKept() -> ByteBuffer {
        defer { self.kept = ByteBuffer() }
        self.isWhole = true
        return self.kept
    }

    func replay(to stream: any UpstreamStream) {
        if self.kept.readableBytes > 0 { stream.writeBody(self.kept) }
    }
}
