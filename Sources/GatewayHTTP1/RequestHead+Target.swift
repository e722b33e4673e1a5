/// What the request is for, for middlewares.
extension RequestHead {
    /// The path in normal form, as routes match it; empty where the target has none. It makes a string;
    /// ``withPath(_:)`` does not.
    public var path: String { self.headers.string(self.normalPath) }

    /// Looks at the path in place. The bytes are valid inside `body` alone.
    public func withPath<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        self.headers.withBytes(self.normalPath, body)
    }

    /// What stands behind the "?", as the client wrote it; nil without one.
    public var query: String? { self.queryRange.offset > 0 ? self.headers.string(self.queryRange) : nil }

    /// The host that is asked, with the port where one was named: of `Host`, or of an absolute target.
    public var authority: String { self.headers.string(self.host) }
}
