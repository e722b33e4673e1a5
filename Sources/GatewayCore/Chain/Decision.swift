public import NIOCore

/// What a hook decides to do next.
public enum Decision {
    /// Continue with the next middleware.
    case next
    /// In a request hook: answer without the upstream. In a response hook: replace the response.
    indirect case respond(Response)
    /// Answer with an error.
    indirect case fail(GatewayError)
    /// Continue with the next middleware, and pass the body of this direction through a transform.
    case transform(any BodyTransform)
    /// Hold the message and call the hook again when ``Exchange/collected`` holds the whole body, or reports that it is
    /// larger than this number of bytes.
    case collect(upTo: Int)
    /// In a response or failure hook: send the request again through the rest of the chain. Equivalent to ``next`` if
    /// the request cannot be repeated.
    case retry(after: TimeAmount)
    /// Wait for the decision of a ``Resumption`` taken with ``Exchange/resumption()``.
    case suspend
}

/// The body that a hook requested with ``Decision/collect(upTo:)``.
public enum CollectedBody: Sendable {
    /// No body was requested yet.
    case none
    /// The whole body.
    case whole(ByteBuffer)
    /// The body exceeded the limit and streams through instead.
    case larger
}
