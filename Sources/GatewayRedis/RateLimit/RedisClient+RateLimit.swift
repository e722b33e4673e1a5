package import NIOCore

extension RedisClient: RateLimitServer {
    package func send(
        _ arguments: [ByteBuffer],
        key: ByteBuffer,
        _ done: @escaping (Result<RedisReply, RateLimitServerError>) -> Void
    ) {
        self.send(RedisCommand(arguments, key: key), timeout: self.timeout) { result in
            done(result.mapError { RateLimitServerError(reason: $0.reason) })
        }
    }
}
