import NIOCore
import Testing

@testable import GatewayRedis

struct RedisCommandTests {
    @Test func `a command is an array of strings`() {
        var buffer = ByteBuffer()
        RedisCommand("SET", "a\r\n", "", "0123456789").write(to: &buffer)
        #expect(String(buffer: buffer) == "*4\r\n$3\r\nSET\r\n$3\r\na\r\n\r\n$0\r\n\r\n$10\r\n0123456789\r\n")
        #expect(RedisCommand("GET", "a").name == "GET")
        #expect(RedisCommand([], key: nil).name.isEmpty)
    }
}
