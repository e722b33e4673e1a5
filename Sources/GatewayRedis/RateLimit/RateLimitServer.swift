package import NIOCore

/// Sends the commands of shared limits to Redis, on one event loop.
package protocol RateLimitServer: AnyObject {
    /// Why commands fail at once, or nil if they are sent.
    var absence: String? { get }

    /// By when a command that is sent now must have its reply.
    var deadline: NIODeadline { get }

    /// Sends a command to the server that has the key. A command that was sent is never sent again: it may have been
    /// counted, even if its reply did not come.
    ///
    /// - Parameters:
    ///   - arguments: The command with its arguments.
    ///   - done: Called once, on the event loop, at the deadline at the latest, perhaps before this function returns. An
    ///     error reply of the server is a reply.
    func send(
        _ arguments: [ByteBuffer],
        key: ByteBuffer,
        deadline: NIODeadline,
        _ done: @escaping (Result<RedisReply, RateLimitServerError>) -> Void
    )
}

/// Why a command has no reply.
package struct RateLimitServerError: Error {
    package var reason: String

    package init(reason: String) { self.reason = reason }
}
