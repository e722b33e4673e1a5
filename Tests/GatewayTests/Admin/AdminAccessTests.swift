import GatewayHTTP1
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayAdmin
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewaySettings

struct AdminAccessTests {
    private static let guarded = ["/", "/health", "/health/detailed", "/metrics", "/routes", "/upstreams", "/config"]
    private static let open = ["/health/live", "/health/liveness", "/health/ready", "/health/readiness"]

    @Test(arguments: guarded) func `a configured token is required`(path: String) async throws {
        let admin = AdminFixture { $0.admin.token = "s3cret" }
        let refusal = try await #require(throws: AdminRefusal.self) { try await admin.get(path) }
        #expect(refusal.error.code == .unauthorized)
        #expect(refusal.challenge == "Bearer realm=\"gateway admin\"")
        #expect(await admin.statusCode(path) { $0.authorization = "Bearer s3cret" } == 200)
        #expect(await admin.statusCode(path) { $0.authorization = "bearer s3cret" } == 200)
    }

    @Test(arguments: [
        "Bearer", "Bearer ", "Bearer s3cre", "Bearer s3cretX", "Bearer S3CRET", "Basic s3cret", "s3cret", "",
    ])
    func `any other token is rejected`(authorization: String) async throws {
        let admin = AdminFixture { $0.admin.token = "s3cret" }
        let refusal = try await #require(throws: AdminRefusal.self) {
            try await admin.get("/config") { $0.authorization = authorization }
        }
        #expect(refusal.error.code == .unauthorized)
        #expect(refusal.challenge?.contains("invalid_token") == true)
    }

    @Test func `the token is accepted from any address and under any host`() async {
        let admin = AdminFixture { $0.admin.token = "s3cret" }
        let status = await admin.statusCode("/config") { request in
            request.authorization = "Bearer s3cret"
            request.peer = IPAddress("203.0.113.9")
            request.host = "gateway:8081"
        }
        #expect(status == 200)
    }

    @Test(arguments: guarded + ["/nowhere"]) func `without a token only local clients are served`(path: String) async {
        let admin = AdminFixture()
        for peer in ["203.0.113.9", "10.0.0.1", "::2", "2001:db8::1", "128.0.0.1"] {
            #expect(await admin.statusCode(path) { $0.peer = IPAddress(peer) } == 403)
        }
        #expect(await admin.statusCode(path) { $0.peer = nil } == 403)
    }

    @Test(arguments: ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
    func `loopback addresses are local`(peer: String) async {
        #expect(await AdminFixture().statusCode("/config") { $0.peer = IPAddress(peer) } == 200)
    }

    @Test func `every client of the Unix socket is served`() async {
        let admin = AdminFixture { $0.admin.listen = .address(.unix(path: "/run/gateway-admin.sock")) }
        let status = await admin.statusCode("/config") { request in
            request.peer = nil
            request.host = "anything"
        }
        #expect(status == 200)
    }

    @Test(arguments: open) func `liveness and readiness need no token`(path: String) async {
        for admin in [AdminFixture(), AdminFixture { $0.admin.token = "s3cret" }] {
            let status = await admin.statusCode(path) { request in
                request.peer = IPAddress("203.0.113.9")
                request.host = "evil.example"
            }
            #expect(status == 200)
            #expect(await admin.statusCode(path) { $0.surface = .exposed } == 200)
        }
    }

    @Test(arguments: [
        ("localhost", 200), ("LocalHost:8081", 200), ("127.0.0.1", 200), ("127.1.2.3:1", 200), ("[::1]:8081", 200),
        ("gateway.internal:8081", 200), ("evil.example", 403), ("localhost.evil.example:8081", 403),
        ("127.0.0.1.evil.example", 403), ("192.0.2.1", 403), ("[::2]", 403), ("a b", 403), ("@localhost", 403),
    ])
    func `a foreign Host is rejected`(host: String, expected: Int) async {
        #expect(await AdminFixture().statusCode("/config") { $0.host = host } == expected)
    }

    @Test func `an HTTP 1.0 request without Host is accepted`() async {
        #expect(await AdminFixture().statusCode("/config") { $0.host = nil } == 200)
    }

    @Test(arguments: guarded) func `exposed endpoints require the token, too`(path: String) async {
        func status(_ token: String, _ authorization: String?) async -> Int {
            await AdminFixture { $0.admin.token = token }.statusCode(path) { request in
                request.surface = .exposed
                request.peer = IPAddress("203.0.113.9")
                request.host = "api.example.com"
                request.authorization = authorization
            }
        }
        #expect(await status("", nil) == 200)
        #expect(await status("s3cret", nil) == 401)
        #expect(await status("s3cret", "Bearer other") == 401)
        #expect(await status("s3cret", "Bearer s3cret") == 200)
    }

    // MARK: Writes

    private func write(_ token: String = "", _ change: @escaping (inout AdminRequest) -> Void = { _ in }) async -> Int {
        await AdminFixture { $0.admin.token = token }.statusCode("/metrics/reset") { request in
            request.method = .post
            if !token.isEmpty { request.authorization = "Bearer \(token)" }
            change(&request)
        }
    }

    @Test func `a client that may read may also write`() async {
        #expect(await write() == 200)
        #expect(await write("s3cret") == 200)
        #expect(await write("s3cret") { $0.authorization = nil } == 401)
        #expect(await write { $0.peer = IPAddress("10.0.0.1") } == 403)
    }

    @Test(
        arguments: [
            (site: "same-origin", origin: nil, expected: 200), ("none", nil, 200), ("cross-site", nil, 403),
            ("same-site", nil, 403), ("", nil, 403), ("same-origin", "https://evil.example", 200),
            ("cross-site", "http://127.0.0.1:8081", 403), (nil, "http://127.0.0.1:8081", 200),
            (nil, "http://127.0.0.1:9999", 403), (nil, "https://evil.example", 403), (nil, "null", 403), (nil, "", 403),
            (nil, "http://127.0.0.1:8081.evil.example", 403),
        ] as [(site: String?, origin: String?, expected: Int)]
    )
    func `writes from another site's page are rejected`(site: String?, origin: String?, expected: Int) async {
        for token in ["", "s3cret"] {
            let status = await write(token) { request in
                request.fetchSite = site
                request.origin = origin
            }
            #expect(status == expected)
        }
    }

    @Test func `reads from another site's page are served, because the page cannot see the response`() async {
        #expect(await AdminFixture().statusCode("/metrics") { $0.fetchSite = "cross-site" } == 200)
    }

    @Test(arguments: [
        ("localhost:8081", 200), ("192.0.2.7:8081", 200), ("[2001:db8::1]:8081", 200), ("gateway.internal:8081", 200),
        ("evil.example", 403), ("192.0.2.7.evil.example", 403),
    ])
    func `writes under a foreign host name are rejected, even with the token`(host: String, expected: Int) async {
        #expect(await write("s3cret") { $0.host = host } == expected)
    }

    @Test func `exposed endpoints never allow writes`() async {
        #expect(await write("s3cret") { $0.surface = .exposed } == 403)
    }

    @Test(arguments: [
        ("", "", false), ("a", "", false), ("", "a", false), ("abc", "abc", true), ("abcabc", "abc", false),
        ("ab", "abc", false), ("abd", "abc", false),
    ])
    func `tokens are compared completely`(given: String, secret: String, expected: Bool) {
        #expect(AdminAccess.isEqual(Array(given.utf8), to: Array(secret.utf8)) == expected)
    }
}
