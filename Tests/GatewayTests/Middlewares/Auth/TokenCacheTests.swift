import GatewayAccess
import GatewayCore
import Testing

@testable import GatewayMiddlewares

@Suite struct TokenCacheTests {
    private var cache = TokenCache(sets: 4, seed: 7)

    private mutating func find(_ token: String, at now: Int64 = 0) -> Int? {
        Array(token.utf8).withUnsafeBytes { self.cache.find($0, at: now).flatMap { Int($0.value.name) } }
    }

    private mutating func add(_ token: String, _ number: Int, until expires: Int64 = 1000, at now: Int64 = 0) throws {
        var verified = try TokenForge.verify(TokenForge.token()).get()
        verified = VerifiedToken(
            claims: verified.claims,
            consumer: "",
            plan: nil,
            scope: [],
            expires: expires,
            key: verified.key
        )
        let found = TokenCache.Verified(verified, issuer: 0, keys: TokenForge.keys)
        Array(token.utf8).withUnsafeBytes { self.cache.add($0, Self.caller(number), found, at: now) }
    }

    private static func caller(_ number: Int) -> Caller {
        Caller(Consumers().consumer("\(number)"), kind: "jwt")
    }

    private static func token(_ number: Int) -> String {
        "head.claims.signature-\(number * 7919 % 100_000)-\(number)-of-it"
    }

    @Test mutating func `finds what was added, and nothing else`() throws {
        #expect(self.find(Self.token(1)) == nil)
        try self.add(Self.token(1), 1)
        #expect(self.find(Self.token(1)) == 1)
        #expect(self.find(Self.token(2)) == nil)
        // The same signature under other claims.
        #expect(self.find("x" + Self.token(1).dropFirst()) == nil)
        #expect(self.find("x" + Self.token(1)) == nil)
        #expect(self.find("short") == nil)
    }

    @Test mutating func `forgets a token at its end`() throws {
        try self.add(Self.token(1), 1, until: 1000)
        #expect(self.find(Self.token(1), at: 999) == 1)
        #expect(self.find(Self.token(1), at: 1000) == nil)
        #expect(self.cache.count == 0)
        try self.add(Self.token(2), 2, until: 1000, at: 1000)
        #expect(self.cache.count == 0)
    }

    @Test mutating func `a flood does not make it grow, and drops what was not used`() throws {
        try self.add(Self.token(0), 0)
        for number in 1...1000 {
            try self.add(Self.token(number), number)
            #expect(self.find(Self.token(0)) == 0, "used after \(number)")
            #expect(self.find(Self.token(number)) == number)
        }
        #expect(self.cache.count <= 16)
    }

    @Test mutating func `a token that is added again takes no second place`() throws {
        for number in 1...10 { try self.add(Self.token(1), number) }
        #expect(self.cache.count == 1)
        #expect(self.find(Self.token(1)) == 10)
    }

    @Test mutating func `removes a token whose key is gone`() throws {
        try self.add(Self.token(1), 1)
        let entry = Array(Self.token(1).utf8).withUnsafeBytes { self.cache.find($0, at: 0) }
        self.cache.remove(try #require(entry))
        #expect(self.find(Self.token(1)) == nil)
    }
}
