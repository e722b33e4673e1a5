/// The request's target, for middlewares.
extension RequestHead {
    /// The normalized path, as matched by routes. Empty if the target has no path. Creates a string; ``withPath(_:)``
    /// does not.
    public var path: String { self.headers.string(self.normalPath) }

    /// Calls `body` with the path, in place. The bytes are valid only inside `body`.
    public func withPath<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        self.headers.withBytes(self.normalPath, body)
    }

    /// The query after the "?", as sent by the client. Nil if there is none.
    public var query: String? { self.queryRange.offset > 0 ? self.headers.string(self.queryRange) : nil }

    /// The requested host with its port, if any, from `Host` or an absolute target.
    public var authority: String { self.headers.string(self.host) }
}
