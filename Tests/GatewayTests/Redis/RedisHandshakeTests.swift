import GatewaySettings
import Testing

@testable import GatewayRedis

struct RedisHandshakeTests {
    private static func configuration(_ url: String) throws -> RedisConfiguration {
        var configuration = RedisConfiguration()
        configuration.url = try RedisURL.parse(url)
        return configuration
    }

    private static func expect(_ outcome: RedisHandshake.OnReply, _ expected: RedisHandshake.OnReply) {
        #expect(outcome == expected)
    }

    @Test func `a master is asked whether it takes writes`() throws {
        var handshake = RedisHandshake(try Self.configuration("redis://a"), for: .master)
        #expect(handshake.begin() == .send(RedisCommand("DEL", "gateway:writable")))
        Self.expect(handshake.received(.integer(0)), .ready)
    }

    @Test func `user, password and database come first`() throws {
        var handshake = RedisHandshake(try Self.configuration("redis://u:p%40@a/3"), for: .master)
        #expect(handshake.begin() == .send(RedisCommand("AUTH", "u", "p@")))
        Self.expect(handshake.received(.status("OK")), .send(RedisCommand("SELECT", "3")))
        Self.expect(handshake.received(.status("OK")), .send(RedisCommand("DEL", "gateway:writable")))
    }

    @Test func `servers of a cluster and of channels need no writes`() throws {
        for role in [RedisHandshake.Role.node, .subscriber] {
            #expect(RedisHandshake(try Self.configuration("redis://a"), for: role).begin() == .ready)
            var handshake = RedisHandshake(try Self.configuration("redis://:p@a"), for: role)
            #expect(handshake.begin() == .send(RedisCommand("AUTH", "p")))
            Self.expect(handshake.received(.status("OK")), .ready)
        }
    }

    @Test func `a Sentinel may have no password`() throws {
        var handshake = RedisHandshake(try Self.configuration("redis://:p@a/2"), for: .sentinel)
        #expect(handshake.begin() == .send(RedisCommand("AUTH", "p")))
        Self.expect(handshake.received(.error("ERR AUTH <password> called without any password configured")), .ready)
    }

    @Test(
        arguments: [
            ("READONLY You can't write against a read only replica.", "it is a replica, which takes no writes"),
            ("NOAUTH Authentication required.", "it asks for a password"),
            ("LOADING Redis is loading", "it takes no writes: LOADING Redis is loading"),
        ]
    )
    func `a server that takes no writes is not used`(reply: String, reason: String) throws {
        var handshake = RedisHandshake(try Self.configuration("redis://a"), for: .master)
        Self.expect(handshake.received(.error(reply)), .fail(reason))
    }

    @Test(
        arguments: [
            ("WRONGPASS invalid username-password pair or user is disabled.", "WRONGPASS"),
            ("ERR unknown command `AUTH`, with args beginning with: `u`, `geheim`,", "ERR"),
        ]
    )
    func `a refused password is told without the password`(reply: String, code: String) throws {
        var handshake = RedisHandshake(try Self.configuration("redis://u:geheim@a"), for: .master)
        Self.expect(handshake.received(.error(reply)), .fail("it refuses the user or the password: \(code)"))
    }
}
