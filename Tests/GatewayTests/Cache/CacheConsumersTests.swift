import Testing

@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewayMiddlewares
@testable import GatewaySettings

struct CacheConsumersTests {
    private static let auth: AuthConfiguration = {
        var auth = AuthConfiguration()
        auth.apiKey = APIKeyConfiguration()
        auth.jwt = JWTConfiguration()
        auth.forward = ForwardAuthConfiguration()
        return auth
    }()

    /// The fields that count as accepted for a request with both credentials.
    private static func accepted(
        _ kind: String?,
        _ authorization: String,
        auth: AuthConfiguration = Self.auth
    ) async throws -> FieldSet {
        try await WorkerFixture.run { worker in
            let exchange = try worker.exchange(
                "GET / HTTP/1.1",
                "Host: a",
                "Authorization: \(authorization)",
                "Cookie: a=b"
            )
            exchange.caller = kind.map { Caller(Consumer(name: "ann", number: 0), kind: $0) }
            return CacheConsumers(auth).accepted(in: exchange)
        }
    }

    @Test func `only what authentication has accepted is no credential`() async throws {
        #expect(try await Self.accepted("jwt", "bearer abc") == [.authorization])
        // The token was in a cookie, beside another credential.
        #expect(try await Self.accepted("jwt", "Basic abc") == [])
        #expect(try await Self.accepted("basic", "Basic abc") == [.authorization])
        #expect(try await Self.accepted("api_key", "Bearer abc") == [])
        #expect(try await Self.accepted("forward", "Bearer abc") == [.authorization, .cookie])
        #expect(try await Self.accepted("other", "Bearer abc") == [])
        #expect(try await Self.accepted(nil, "Bearer abc") == [])
        var auth = Self.auth
        auth.apiKey?.header = "authorization"
        auth.jwt?.header = "X-Token"
        auth.forward?.requestHeaders = ["cookie"]
        #expect(try await Self.accepted("api_key", "Bearer abc", auth: auth) == [.authorization])
        #expect(try await Self.accepted("jwt", "Bearer abc", auth: auth) == [])
        #expect(try await Self.accepted("forward", "Bearer abc", auth: auth) == [.cookie])
    }

    @Test func `names are part of the key as a whole`() {
        func key(_ name: String?) -> [UInt8] {
            var bytes = CacheKeyBytes()
            CacheConsumers.write(name.map { Caller(Consumer(name: $0, number: 0), kind: "jwt") }, to: &bytes)
            return bytes.bytes
        }
        #expect(Set([key(nil), key(""), key("a"), key("ab")]).count == 4)
        #expect(key("a") + [0x62] != key("ab"))
    }
}
