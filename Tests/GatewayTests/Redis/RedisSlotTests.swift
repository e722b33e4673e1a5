import NIOCore
import Testing

@testable import GatewayRedis

struct RedisSlotTests {
    @Test(
        arguments: [
            ("123456789", 12_739), ("foo", 12_182), ("", 0), ("{foo}.bar", 12_182), ("a{foo}", 12_182),
            ("{}foo", 9_500), ("{foo", 13_308), ("a{foo}{bar}", 12_182),
        ]
    )
    func `the part in braces decides`(key: String, slot: Int) {
        #expect(RedisSlot.of(ByteBuffer(string: key)) == slot)
    }

    @Test func `braces with nothing in them count as text`() {
        #expect(RedisSlot.of(ByteBuffer(string: "{}{foo}")) != RedisSlot.of(ByteBuffer(string: "foo")))
    }

    @Test func `the checksum is CRC-16/XMODEM`() { #expect(RedisSlot.crc16("123456789".utf8) == 0x31C3) }
}
