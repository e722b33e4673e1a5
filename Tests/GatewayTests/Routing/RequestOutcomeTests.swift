import Testing

@testable import Gateway
@testable import GatewayHTTP
@testable import GatewaySettings

struct RequestOutcomeTests {
    private static let toml = """
        [server.limits]
        request_line = "100B"
        header_count = 3
        [policies.office.ip]
        allow = ["10.0.0.0/8", "2001:db8::/32"]
        deny = ["10.6.6.0/24"]
        [policies.metered.rate_limit]
        limit = ["5/second", "100/hour"]
        key = ["client_ip", "header:X-Tenant"]
        exempt = ["10.1.0.0/16"]
        cost = 2
        scope = "policy"
        [[routes]]
        name = "admin"
        path = "/admin/*"
        respond = {}
        policies = ["office", "metered"]
        [routes.limits]
        body = "1KiB"
        [[routes]]
        name = "open"
        path = "/*"
        respond = {}
        [routes.concurrency]
        max_in_flight = 7
        [routes.timeout]
        total = "9s"
        """

    private static func outcome(
        _ path: String,
        from peer: String,
        _ fields: [(name: String, value: String)] = []
    ) throws -> RequestOutcome? {
        let address = try #require(IPAddress(peer))
        return try RequestExplanation(
            ExplainedRequest(method: "POST", url: path, fields: fields, peer: address),
            configuration: GatewayConfiguration(toml: toml, environment: [:])
        ).outcome
    }

    @Test(
        arguments: [
            ("/admin/x", "10.0.0.7", "", nil, nil),
            ("/admin/x", "192.0.2.1", "", 403, "192.0.2.1 is not in allow gateway.toml:5 (policy office)"),
            ("/admin/x", "10.6.6.9", "", 403, "10.6.6.9 is in deny, by \"10.6.6.0/24\" gateway.toml:6 (policy office)"),
            ("/admin/x", "10.0.0.7", "1025", 413, "the body of 1025 bytes is over 1KiB gateway.toml:19"),
            ("/admin/x", "10.0.0.7", "1024", nil, nil),
            ("/admin/x", "192.0.2.1", "1025", 403, "192.0.2.1 is not in allow gateway.toml:5 (policy office)"),
            ("/x", "192.0.2.1", "1025", nil, nil),
            (
                "/" + String(repeating: "x", count: 100), "192.0.2.1", "", 414,
                "the request line is over 100B gateway.toml:2"
            ),
        ] as [(String, String, String, Int?, String?)]
    )
    func `a rejection is shown with its middleware and rule`(
        path: String,
        peer: String,
        length: String,
        status: Int?,
        reason: String?
    ) throws {
        let fields = length.isEmpty ? [] : [(name: "Content-Length", value: length)]
        let refusal = try Self.outcome(path, from: peer, fields)?.refusal
        #expect(refusal?.status == status)
        #expect(refusal.map { "\($0.reason) \($0.source)" } == reason)
    }

    @Test func `limits are shown with their keys`() throws {
        let outcome = try #require(try Self.outcome("/admin/x", from: "10.0.0.7", [("X-Tenant", "secret")]))
        #expect(
            outcome.limits == [
                .init(
                    by: "rate_limit",
                    limit: "5/second, 100/hour",
                    key: "client_ip 10.0.0.7, header X-Tenant on policy metered",
                    note: "costs 2",
                    source: "gateway.toml:8 (policy metered)"
                )
            ]
        )
        let exempt = try Self.outcome("/admin/x", from: "10.1.2.3")?.limits.first
        #expect(exempt?.note == "exempt, costs 2")
        #expect(
            exempt?.key == "client_ip 10.1.2.3, client_ip 10.1.2.3, since header X-Tenant is missing on policy metered"
        )
        let open = try Self.outcome("/x", from: "2001:db8::1")?.limits
        #expect(open?.map(\.limit) == ["7 in flight"])
    }

    @Test func `timeouts are shown`() throws {
        let timeouts = try Self.outcome("/x", from: "192.0.2.1")?.timeouts
        #expect(timeouts?.map { "\($0.name) \($0.limit)" } == ["connect 2s", "first_byte 1m", "idle 1m", "total 9s"])
    }
}
