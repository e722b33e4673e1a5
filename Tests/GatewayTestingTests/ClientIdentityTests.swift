import Gateway
import GatewayTesting
import HTTPTypes
import NIOCore
import Testing

@testable import GatewaySettings

/// Client addresses behind proxies, Unix sockets, address translators, and in floods.
struct ClientIdentityTests {
    private static func route(_ server: String, _ tables: String) async throws -> TestRoute {
        let toml = """
            [server]
            \(server)
            [upstreams.app]
            builtin = "in_process"
            \(tables)
            [[routes]]
            path = "/*"
            upstream = "app"
            """
        return try await TestRoute(GatewayConfiguration(toml: toml, environment: [:]))
    }

    private static func fields(_ fields: (String, String)...) throws -> HTTPFields {
        var result = HTTPFields()
        for (name, value) in fields { result.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value)) }
        return result
    }

    // MARK: A proxy on a Unix socket

    @Test func `a trusted proxy on a Unix socket is believed`() async throws {
        let limit = "[middleware.rate_limit]\nlimit = \"2/hour\""
        let trusting = try await Self.route("trusted_proxies = [\"unix:\"]", limit)
        for client in ["192.0.2.1", "192.0.2.2"] {
            for style in [("X-Forwarded-For", client), ("Forwarded", "for=\(client);proto=https")] {
                let fields = try Self.fields(style, ("X-Forwarded-Proto", "https"))
                let answer = try await trusting.send(.get, "/", headers: fields, from: "unix")
                #expect(answer.status == 200)
                #expect(answer.headers[.strictTransportSecurity] != nil)
            }
            let fields = try Self.fields(("X-Forwarded-For", client))
            #expect(try await trusting.send(.get, "/", headers: fields, from: "unix").status == 429)
        }
        // Others are not.
        let fields = try Self.fields(("X-Forwarded-For", "192.0.2.9"), ("X-Forwarded-Proto", "https"))
        #expect(try await trusting.send(.get, "/", headers: fields).headers[.strictTransportSecurity] == nil)
        let wary = try await Self.route("trusted_proxies = [\"0.0.0.0/0\", \"::/0\"]", limit)
        let answer = try await wary.send(.get, "/", headers: fields, from: "unix")
        #expect(answer.headers[.strictTransportSecurity] == nil)
    }

    // MARK: Schemes

    @Test(arguments: [
        ("https://a.example/x", "192.0.2.1", false, 421), ("HTTPS://a.example", "192.0.2.1", false, 421),
        ("https://a.example:80/x?y", "unix", false, 421), ("https://a.example/x", "192.0.2.1", true, 200),
        ("https://a.example/x", "10.0.0.1", false, 200), ("http://a.example/x", "192.0.2.1", false, 200),
        ("/https://a.example/x", "192.0.2.1", false, 200), ("https://a.example/../x", "192.0.2.1", false, 400),
    ])
    func `an https URL is served only on a secured connection`(
        target: String,
        address: String,
        isSecure: Bool,
        status: Int
    ) async throws {
        let route = try await Self.route("trusted_proxies = [\"10.0.0.0/8\"]", "")
        let answer = try await route.send(.get, target, from: address, isSecure: isSecure)
        #expect(answer.status == status)
        #expect(answer.text.contains("misdirected_request") == (status == 421))
    }

    // MARK: Translated and tunneled addresses

    @Test(arguments: [
        ("allow = [\"203.0.113.0/24\"]", "64:ff9b::203.0.113.7", 200),
        ("allow = [\"203.0.113.0/24\"]", "2002:cb00:7107::1", 200),
        ("allow = [\"203.0.113.0/24\"]", "64:ff9b::203.0.112.7", 403),
        ("allow = [\"10.0.0.0/8\"]", "64:ff9b::10.0.0.1", 403), ("allow = [\"10.0.0.0/8\"]", "2002:a00:1::1", 403),
        ("deny = [\"203.0.113.0/24\"]", "64:ff9b::203.0.113.7", 403),
        ("deny = [\"203.0.113.0/24\"]", "2002:cb00:7107::1", 403), ("deny = [\"10.0.0.0/8\"]", "2002:a00:1::1", 403),
        ("deny = [\"203.0.113.0/24\"]", "2001:db8::1", 200),
    ])
    func `an IPv4 rule applies to the IPv4 client in a translated address`(
        rule: String,
        address: String,
        status: Int
    ) async throws {
        let route = try await Self.route("", "[middleware.ip]\n\(rule)")
        #expect(try await route.send(.get, "/", from: address).status == status)
    }

    @Test func `a client has one limit across IPv4, NAT64 and 6to4`() async throws {
        let route = try await Self.route("", "[middleware.rate_limit]\nlimit = \"3/hour\"")
        var statuses: [Int] = []
        for address in [
            "203.0.113.7", "64:ff9b::203.0.113.7", "2002:cb00:7107:1::1", "2002:cb00:7107:2::1", "203.0.113.7",
        ] {
            statuses.append(try await route.send(.get, "/", from: address).status)
        }
        #expect(statuses == [200, 200, 200, 429, 429])
        #expect(try await route.send(.get, "/", from: "64:ff9b::203.0.113.8").status == 200)
    }

    // MARK: A flood of keys

    @Test func `a flood of invented keys from one network blocks no other network`() async throws {
        let route = try await Self.route(
            "",
            "[middleware.rate_limit]\nlimit = \"5/minute\"\nkey = \"header:X-Key\"\nmax_keys = 50"
        )
        var flooded = 0
        for second in 0..<90 {
            for number in 0..<10 {
                let fields = try Self.fields(("X-Key", "made-up-\(second)-\(number)"))
                let answer = try await route.send(.get, "/", headers: fields, from: "203.0.113.\(second)")
                if answer.status == 429 { flooded += 1 }
            }
            if second % 10 == 5 {
                let fields = try Self.fields(("X-Key", "newcomer-\(second)"))
                let answer = try await route.send(.get, "/", headers: fields, from: "198.51.\(second).1")
                #expect(answer.status == 200, "in second \(second)")
            }
            await route.clock.advance(by: .seconds(1))
        }
        #expect(flooded > 700)
    }
}
