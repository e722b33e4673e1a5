/// What the request is for, for middlewares.
extension RequestHead {
    /// The normalized path, as routes match it; empty if the target has none. Creates a string; ``withPath(_:)`` does
    /// not.
    public var path: String { self.headers.string(self.normalPath) }

    /// Calls `body` with the path, in place. The bytes are valid only inside `body`.
    public func withPath<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        self.headers.withBytes(self.normalPath, body)
    }

    /// The query after the "?", as the client wrote it; nil without one.
    public var query: String? { self.queryRange.offset > 0 ? self.headers.string(self.queryRange) : nil }

    /// The requested host with its port, if any, from `Host` or an absolute target.
    public var authority: String { self.headers.string(self.host) }
}
