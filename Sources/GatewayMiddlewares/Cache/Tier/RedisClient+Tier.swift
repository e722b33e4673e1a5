package import GatewayRedis
import NIOCore

extension RedisClient: TierServer {
    package var isUp: Bool { self.absence == nil }

    /// The time limit of the cache, whose values are larger than the counts of limiters.
    private var tierTimeout: TimeAmount { self.timeout * 4 }

    package func send(_ command: TierCommand, _ done: @escaping (Result<RedisReply, any Error>) -> Void) {
        self.send(RedisCommand(command), timeout: self.tierTimeout) { result in done(result.mapError { $0 }) }
    }

    package func read(_ key: String, _ done: @escaping (Result<TierReading, any Error>) -> Void) {
        self.send(
            RedisCommand(.timeLeft(of: key)),
            then: RedisCommand(.value(of: key)),
            timeout: self.tierTimeout
        ) { left, value in
            switch (left, value) {
            case (.success(.integer(let left)), .success(.bytes(let bytes))):
                done(.success(TierReading(value: bytes, left: Int64(left))))
            case (_, .success(.null)): done(.success(TierReading(value: nil, left: -2)))
            case (_, .failure(let error)): done(.failure(error))
            case (.failure(let error), _): done(.failure(error))
            case (.success, .success): done(.failure(RedisError.refused("unexpected reply")))
            }
        }
    }
}

extension RedisCommand {
    fileprivate init(_ command: TierCommand) {
        self.init(command.arguments, key: ByteBuffer(string: command.key))
    }
}
