import GatewayHTTP1
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewayMiddlewares
@testable import GatewaySettings
@testable import GatewayTLS

struct RateLimitIdentityTests {
    private static let seed = SipHash.Seed(3, 4)

    /// The keys of requests from these addresses, and their shared keys.
    private static func keys(
        _ source: KeySource,
        prefix: Int = 64,
        from addresses: [String]
    ) async throws -> (own: [RateLimitKey], shared: [RateLimitKey]) {
        let keys = try await WorkerFixture.run { worker in
            let identity = RateLimitIdentity(source, ipv6Prefix: prefix, seed: Self.seed)
            return try addresses.map { address in
                let exchange = try worker.exchange("GET / HTTP/1.1", "Host: a", "X-Tenant: \(address)")
                exchange.clientAddress = IPAddress(address).map { ClientAddress($0) } ?? .unknown
                return (identity.key(of: exchange), identity.sharedKey(of: exchange))
            }
        }
        return (keys.map(\.0), keys.map(\.1))
    }

    @Test(arguments: [
        (64, "2001:db8::1", "2001:db8::ffff:1", true), (64, "2001:db8::1", "2001:db8:0:1::1", false),
        (128, "2001:db8::1", "2001:db8::2", false), (56, "2001:db8::1", "2001:db8:0:ff::1", true),
        (96, "2001:db8::1:1:1", "2001:db8::1:2:2", true), (96, "2001:db8::1:1:1", "2001:db8::2:1:1", false),
        (1, "2001:db8::1", "3fff::1", true), (64, "192.0.2.1", "::ffff:192.0.2.1", true),
        (64, "192.0.2.1", "64:ff9b::192.0.2.1", true), (64, "64:ff9b::192.0.2.1", "64:ff9b::192.0.2.2", false),
        (64, "192.0.2.1", "2002:c000:201:7::9", true), (64, "192.0.2.1", "2002:c000:202::1", false),
        (64, "10.0.0.1", "2002:a00:1::", true), (64, "64:ff9b:1::1", "64:ff9b:1::2", true),
        (64, "192.0.2.1", "192.0.2.2", false), (64, "0.0.0.1", "::1", false), (64, "x", "0.0.0.0", false),
    ])
    func `an IPv6 client is counted by network`(prefix: Int, one: String, other: String, isSame: Bool) async throws {
        let keys = try await Self.keys(KeySource(.clientIP), prefix: prefix, from: [one, other]).own
        #expect((keys[0] == keys[1]) == isSame)
    }

    @Test(arguments: [
        (64, "192.0.2.1", "192.0.2.254", true), (64, "192.0.2.1", "192.0.3.1", false),
        (64, "2001:db8:1::1", "2001:db8:1:ffff::1", true), (64, "2001:db8:1::1", "2001:db8:2::1", false),
        (32, "2001:db8:1::1", "2001:db8:2::1", true), (64, "192.0.2.1", "64:ff9b::192.0.2.9", true),
        (64, "192.0.2.1", "2002:c000:2ff::1", true), (64, "2002:c000:201::1", "2002:c000:301::1", false),
    ])
    func `new clients share a bucket per block of addresses`(prefix: Int, one: String, other: String, isSame: Bool)
        async throws
    {
        let keys = try await Self.keys(KeySource(.clientIP), prefix: prefix, from: [one, other])
        #expect((keys.shared[0] == keys.shared[1]) == isSame)
        #expect(keys.own[0] != keys.shared[0])
    }

    @Test func `clients are counted by the subject of their certificate, and else by address`() async throws {
        let sessions = try ["CN=ann", "CN=ann", "CN=bob", nil, ""].map { try TLSSession.fixture(subject: $0) }
        let keys = try await WorkerFixture.run { worker in
            let identity = RateLimitIdentity(KeySource(.clientCertificateSubject), ipv6Prefix: 64, seed: Self.seed)
            return try sessions.enumerated().map { index, session in
                let client = RecordingClient()
                client.tls = session
                let exchange = try worker.exchange("GET / HTTP/1.1", "Host: a", client: client)
                exchange.clientAddress = IPAddress("192.0.2.\(min(index, 3))").map { ClientAddress($0) } ?? .unknown
                return identity.key(of: exchange)
            }
        }
        #expect(keys[0] == keys[1])
        #expect(Set(keys).count == 3)
        #expect(keys[3] == keys[4])
    }

    @Test(arguments: [KeySource(.clientIP), KeySource(.header("X-Tenant")), KeySource(.route), KeySource(.global)])
    func `new clients share a bucket with their network, whatever the key is`(source: GatewaySettings.KeySource)
        async throws
    {
        let shared = try await Self.keys(source, from: ["192.0.2.1", "192.0.2.9", "198.51.100.1", "x", "y"]).shared
        #expect(shared[0] == shared[1])
        #expect(shared[0] != shared[2])
        #expect(shared[3] == shared[4])
        #expect(Set(shared).count == 3)
    }

    @Test func `callers are counted by what their credential says, and others by address`() async throws {
        let keys = try await WorkerFixture.run { worker in
            let consumers = Consumers()
            let callers: [Caller?] = [
                Caller(consumers.consumer("ann"), kind: "api_key"),
                Caller(consumers.consumer("ann"), kind: "jwt", claims: ["org": ["id": 7]]),
                Caller(consumers.consumer("bob"), kind: "jwt", claims: ["org": ["id": 7]]), nil,
            ]
            let sources = [KeySource(.consumer), KeySource(.apiKey), KeySource(.claim("org.id")), KeySource(.clientIP)]
            return try sources.map { source in
                let identity = RateLimitIdentity(source, ipv6Prefix: 64, seed: Self.seed)
                return try callers.map { caller in
                    let exchange = try worker.exchange("GET / HTTP/1.1", "Host: a")
                    exchange.clientAddress = IPAddress("192.0.2.1").map { ClientAddress($0) } ?? .unknown
                    exchange.caller = caller
                    return identity.key(of: exchange)
                }
            }
        }
        let address = keys[3][0]
        #expect(keys[0][0] == keys[0][1] && keys[0][1] != keys[0][2] && keys[0][3] == address)
        #expect(keys[1][0] == keys[0][0] && keys[1][1...] == [address, address, address])
        #expect(keys[2][0] == address && keys[2][1] == keys[2][2] && keys[2][1] != address && keys[2][3] == address)
    }

    @Test func `a missing header is replaced by the address`() async throws {
        let addresses = ["192.0.2.1", "198.51.100.1"]
        let named = try await Self.keys(KeySource(.header("X-Tenant")), from: addresses)
        #expect(named.own[0] != named.own[1])
        let missing = try await Self.keys(KeySource(.header("X-Other")), from: addresses)
        #expect(missing.own[0] != missing.own[1])
        let address = try await Self.keys(KeySource(.clientIP), from: addresses)
        #expect(missing.own == address.own)
        #expect(named.own != address.own)
    }
}
