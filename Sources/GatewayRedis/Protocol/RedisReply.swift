package import NIOCore

/// A reply of a Redis server, in RESP2.
package enum RedisReply: Hashable, Sendable {
    case null
    case status(String)
    case error(String)
    case integer(Int)
    case bytes(ByteBuffer)
    case array([RedisReply])
}
