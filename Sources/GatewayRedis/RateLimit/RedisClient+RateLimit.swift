package import NIOCore

extension RedisClient: RateLimitServer {
    package func send(
        _ arguments: [ByteBuffer],
        key: ByteBuffer,
        deadline: NIODeadline,
        _ done: @escaping (Result<RedisReply, RateLimitServerError>) -> Void
    ) {
        self.send(RedisCommand(arguments, key: key), deadline: deadline) { result in
            done(result.mapError { RateLimitServerError(reason: $0.reason) })
        }
    }
}
