public import NIOCore

/// What a hook wants to happen next.
public enum Decision {
    /// On to the next middleware.
    case next
    /// Going down: answer without the upstream. Climbing: answer this instead.
    indirect case respond(Response)
    /// Becomes the error response, which then climbs.
    indirect case fail(GatewayError)
    /// On to the next middleware, and this direction's body goes through here.
    case transform(any BodyTransform)
    /// Hold the head: the hook is called again when ``Exchange/collected`` holds the whole body, or says that it is larger
    /// than this many bytes.
    case collect(upTo: Int)
    /// Climbing, or in a failure hook: down again from just below the middleware that asked. Where the request cannot be
    /// sent once more, it means ``next``.
    case retry(after: TimeAmount)
    /// ``Exchange/resumption()`` was taken; it decides later, from any thread.
    case suspend
}

/// A body that a hook asked for with ``Decision/collect(upTo:)``.
public enum CollectedBody: Sendable {
    /// Not asked for yet.
    case none
    /// All of it.
    case whole(ByteBuffer)
    /// Than was to be collected. It passes as it comes.
    case larger
}
