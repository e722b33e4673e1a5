import GatewaySettings
import NIOCore
import Testing

@testable import GatewayRedis

struct RedisSlotsTests {
    private static let asked = RedisURL.Host("10.0.0.9", port: 7000)

    private static func row(_ first: Int, _ last: Int, _ host: String, _ port: Int) -> RedisReply {
        .array([
            .integer(first), .integer(last),
            .array([.bytes(ByteBuffer(string: host)), .integer(port), .bytes(ByteBuffer(string: "id"))]),
            .array([.bytes(ByteBuffer(string: "replica")), .integer(1)]),
        ])
    }

    @Test func `the first server of a row has its slots`() throws {
        let reply = RedisReply.array([Self.row(0, 5460, "a", 1), Self.row(5461, 16_383, "", 2)])
        let slots = try #require(RedisSlots(reply, asked: Self.asked))
        #expect(slots[0] == RedisURL.Host("a", port: 1))
        #expect(slots[5460] == RedisURL.Host("a", port: 1))
        #expect(slots[5461] == RedisURL.Host("10.0.0.9", port: 2))
        #expect(slots.masters.count == 2)
    }

    @Test func `a slot can move, and some have nobody`() throws {
        var slots = try #require(RedisSlots(.array([Self.row(0, 10, "a", 1)]), asked: Self.asked))
        #expect(slots[11] == nil)
        slots.assign(5...5, to: RedisURL.Host("b", port: 1))
        #expect(slots[5] == RedisURL.Host("b", port: 1))
        #expect(slots[6] == RedisURL.Host("a", port: 1))
    }

    @Test(
        arguments: [
            .null, .array([]), .error("ERR This instance has cluster support disabled"), .array([.integer(1)]),
            .array([Self.row(5, 4, "a", 1)]), .array([Self.row(-1, 4, "a", 1)]), .array([Self.row(0, 16_384, "a", 1)]),
            .array([Self.row(0, 1, "a", 0)]), .array([.array([.integer(0), .integer(1), .array([])])]),
        ] as [RedisReply]
    )
    func `other replies are no map`(reply: RedisReply) { #expect(RedisSlots(reply, asked: Self.asked) == nil) }

    @Test func `redirections name a slot and a server`() throws {
        let moved = try #require(RedisRedirection("MOVED 3999 127.0.0.1:6381", asked: Self.asked))
        #expect(moved.slot == 3999)
        #expect(moved.host == RedisURL.Host("127.0.0.1", port: 6381))
        #expect(moved.isForGood)
        let ask = try #require(RedisRedirection("ASK 1 :6382", asked: Self.asked))
        #expect(ask.host == RedisURL.Host("10.0.0.9", port: 6382))
        #expect(!ask.isForGood)
        #expect(RedisRedirection("MOVED 1 ::1:6382", asked: Self.asked)?.host == RedisURL.Host("::1", port: 6382))
    }

    @Test(arguments: ["MOVED", "MOVED 1", "MOVED 16384 a:1", "MOVED -1 a:1", "MOVED 1 a", "MOVED 1 a:0", "ASKED 1 a:1"])
    func `others are none`(text: String) { #expect(RedisRedirection(text, asked: Self.asked) == nil) }
}
