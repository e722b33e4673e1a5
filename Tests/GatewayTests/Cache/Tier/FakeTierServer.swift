import GatewayCache
import GatewayRedis
import NIOCore

@testable import GatewayMiddlewares

/// The commands of the second tier in memory, on one event loop, for several gateways.
final class FakeTierServer: TierServer {
    struct Away: Error {}

    enum State {
        case up, down
        /// Takes commands and never answers.
        case hanging
    }

    var state = State.up
    var values: [String: ByteBuffer] = [:]
    private(set) var stream: [(id: TierStamp, text: String)] = []
    private(set) var commands = 0
    /// What the next write is answered.
    var writeReply = RedisReply.status("OK")
    private var channels: [TierPurgeChannel] = []
    private var lastID = TierStamp(rawValue: 1000 << 16)

    func subscribe(_ channel: TierPurgeChannel) {
        self.channels.append(channel)
        channel.subscribed()
    }

    func unsubscribe(_ channel: TierPurgeChannel) {
        self.channels.removeAll { $0 === channel }
        channel.unsubscribed()
    }

    func loseEverything() {
        self.values = [:]
        self.stream = []
    }

    func trim() { self.stream.removeFirst(self.stream.count - 1) }

    var isUp: Bool { self.state != .down }

    func read(_ key: String, _ done: @escaping (Result<TierReading, any Error>) -> Void) {
        var left: Int64 = -2
        self.send(.timeLeft(of: key)) { if case .success(.integer(let time)) = $0 { left = Int64(time) } }
        self.send(.value(of: key)) { result in
            done(
                result.map { reply in
                    guard case .bytes(let bytes) = reply else { return TierReading(value: nil, left: -2) }
                    return TierReading(value: bytes, left: left)
                }
            )
        }
    }

    func send(_ command: TierCommand, _ done: @escaping (Result<RedisReply, any Error>) -> Void) {
        self.commands += 1
        switch self.state {
        case .hanging: return
        case .down: return done(.failure(Away()))
        case .up: break
        }
        let words = command.arguments.map { String(buffer: $0) }
        switch words[0] {
        case "PTTL": done(.success(.integer(self.values[command.key] == nil ? -2 : 50_000)))
        case "GET": done(.success(self.values[command.key].map(RedisReply.bytes) ?? .null))
        case "SET":
            if case .status = self.writeReply { self.values[command.key] = command.arguments[2] }
            done(.success(self.writeReply))
        case "XRANGE":
            let from = TierStamp(id: words[2]) ?? .none
            done(.success(.array(self.stream.filter { $0.id >= from }.map { Self.row($0.id, $0.text) })))
        case "EVAL" where words[1].contains("'XLEN'"):
            if self.stream.isEmpty { self.append(words[5], at: TierStamp(id: words[4])) }
            done(.success(.integer(1)))
        case "EVAL":
            let previous = self.stream.last?.id ?? .none
            let id = self.append(words[5])
            done(.success(.array([Self.text(id.id), Self.text(previous.id)])))
            for channel in self.channels { channel.received(ByteBuffer(string: "\(id.id) \(previous.id) \(words[5])")) }
        default: done(.success(.error("ERR unknown command")))
        }
    }

    @discardableResult
    private func append(_ text: String, at stamp: TierStamp? = nil) -> TierStamp {
        let id = stamp ?? self.lastID.next
        self.lastID = max(id, self.lastID)
        self.stream.append((id, text))
        return id
    }

    private static func text(_ text: String) -> RedisReply { .bytes(ByteBuffer(string: text)) }

    private static func row(_ id: TierStamp, _ text: String) -> RedisReply {
        .array([self.text(id.id), .array([self.text("purge"), self.text(text)])])
    }
}
