import GatewayRedis
import NIOCore

/// What a server of Redis sends.
enum RedisReplyCheck {
    static func check(_ input: [UInt8]) throws(BrokenProperty) {
        let whole = self.read([input])
        for pieces in Segmentation.all(of: input) {
            try hold(self.read(pieces) == whole, "the same bytes in pieces read differently")
        }
        let bytes = whole.replies.reduce(0) { $0 + self.size($1) }
        try hold(bytes <= input.count, "replies are longer than what was read")
    }

    private struct Outcome: Equatable {
        var replies: [RedisReply] = []
        var isRefused = false
    }

    private static func read(_ pieces: [[UInt8]]) -> Outcome {
        var reader = RedisReader()
        var outcome = Outcome()
        do throws(RedisProtocolError) {
            for piece in pieces {
                reader.append(ByteBuffer(bytes: piece))
                while let reply = try reader.next() { outcome.replies.append(reply) }
            }
        } catch {
            outcome.isRefused = true
        }
        return outcome
    }

    private static func size(_ reply: RedisReply) -> Int {
        switch reply {
        case .bytes(let bytes): bytes.readableBytes
        case .array(let replies): replies.reduce(0) { $0 + self.size($1) }
        case .null, .status, .error, .integer: 0
        }
    }
}
