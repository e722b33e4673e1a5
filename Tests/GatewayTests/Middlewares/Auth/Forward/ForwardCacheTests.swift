import NIOCore
import Testing

@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewayMiddlewares

@Suite struct ForwardCacheTests {
    private static func grant(_ name: String = "ann", bytes: Int = 0) -> ForwardGrant {
        var answer = ForwardAnswer.Grant()
        answer.consumer = name
        answer.upstreamFields = PreparedFields { $0.add(HeaderName("X-User"), [UInt8](repeating: 0x61, count: bytes)) }
        return ForwardGrant(answer, caller: Caller(Consumer(name: name, number: 0), kind: "forward"))
    }

    private static func key(_ number: UInt64) -> ForwardCache.Key { ForwardCache.Key(first: number, second: 0) }
    private let start = NIODeadline.uptimeNanoseconds(1000)

    @Test func `a request is remembered for its lifetime`() {
        var cache = ForwardCache(lifetime: .seconds(10))
        cache.remember(Self.grant(), for: Self.key(1), at: self.start)
        #expect(cache.grant(for: Self.key(1), at: self.start + .seconds(9))?.caller.name == "ann")
        #expect(cache.grant(for: Self.key(2), at: self.start) == nil)
        #expect(cache.grant(for: ForwardCache.Key(first: 1, second: 1), at: self.start) == nil)
        #expect(cache.grant(for: Self.key(1), at: self.start + .seconds(10)) == nil)
    }

    @Test func `one that is remembered again lives longer, and counts once`() {
        var cache = ForwardCache(lifetime: .seconds(10))
        cache.remember(Self.grant("ann"), for: Self.key(1), at: self.start)
        let bytes = cache.bytes
        cache.remember(Self.grant("bob"), for: Self.key(1), at: self.start + .seconds(5))
        #expect(cache.bytes == bytes && cache.count == 1)
        cache.remember(Self.grant(), for: Self.key(2), at: self.start + .seconds(12))
        #expect(cache.grant(for: Self.key(1), at: self.start + .seconds(14))?.caller.name == "bob")
    }

    @Test func `the oldest go when there are too many, or they are too large`() {
        var cache = ForwardCache(lifetime: .seconds(10), maxCount: 3, maxBytes: 4000)
        for number in 1...4 {
            cache.remember(Self.grant(), for: Self.key(UInt64(number)), at: self.start + .seconds(Int64(number)))
        }
        let now = self.start + .seconds(5)
        #expect(cache.grant(for: Self.key(1), at: now) == nil)
        #expect(cache.grant(for: Self.key(2), at: now) != nil)
        cache.remember(Self.grant(bytes: 3000), for: Self.key(5), at: now)
        #expect(cache.count == 1 && cache.grant(for: Self.key(5), at: now) != nil)
        cache.remember(Self.grant(bytes: 5000), for: Self.key(6), at: now)
        #expect(cache.count == 0 && cache.bytes == 0)
    }

    @Test func `what has expired takes no memory for long`() {
        var cache = ForwardCache(lifetime: .seconds(1))
        for number in 0..<5000 {
            cache.remember(Self.grant(), for: Self.key(UInt64(number)), at: self.start + .milliseconds(Int64(number)))
        }
        #expect(cache.count == 1000)
    }
}
