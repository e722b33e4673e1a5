import Foundation
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewaySettings

@Suite struct PollPlanTests {
    private static let agent = "User-Agent: gateway/\(GatewayVersion.current) (health check)"

    private static func lines(_ change: (inout HealthCheckConfiguration) -> Void = { _ in }) -> [String]? {
        var health = HealthCheckConfiguration()
        change(&health)
        let plan = PollPlan(health, authority: Array("10.0.0.1:9001".utf8), maxHead: 32_768)
        guard let request = plan.request else { return nil }
        return String(buffer: request.bytes).split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test func `a request has the Host of the target and closes its connection`() {
        #expect(
            Self.lines() == [
                "GET /health HTTP/1.1", "Host: 10.0.0.1:9001", Self.agent, "Connection: close", "", "",
            ]
        )
    }

    @Test func `every part of the request can be set`() {
        let lines = Self.lines {
            $0.method = "POST"
            $0.path = "/check?deep=1"
            $0.host = "api.internal"
            $0.headers = ["X-Check": "1", "user-agent": "me"]
        }
        #expect(
            lines == [
                "POST /check?deep=1 HTTP/1.1", "Host: api.internal", "X-Check: 1", "user-agent: me",
                "Content-Length: 0", "Connection: close", "", "",
            ]
        )
    }

    @Test func `tcp sends nothing`() {
        #expect(Self.lines { $0.type = .tcp } == nil)
    }

    @Test func `another port is polled at the same address`() throws {
        var health = HealthCheckConfiguration()
        let address = try SocketAddress(ipAddress: "::1", port: 9001)
        let endpoint = UpstreamEndpoint(address, identity: "a", changes: EndpointChanges())
        #expect(PollPlan(health, authority: [], maxHead: 100).address(of: endpoint) == address)
        health.port = 9999
        let other = try SocketAddress(ipAddress: "::1", port: 9999)
        #expect(PollPlan(health, authority: [], maxHead: 100).address(of: endpoint) == other)
    }

    @Test(
        arguments: [
            (.timeout, "timeout", "timeout"), (.refused, "refused", "refused"), (.reset, "reset", "reset"),
            (.status(503), "status", "status 503"), (.body, "body", "body"), (.error, "error", "error"),
            (.lacksResources, "error", "error"), (.tls(detail: "expired"), "tls", "tls"),
        ] as [(PollFailure, String, String)]
    )
    func `the result is the first word of the reason`(failure: PollFailure, result: String, reason: String) {
        #expect(failure.result == result && failure.reason == reason)
    }

    @Test func `a gateway without descriptors says nothing about its targets`() {
        for code in [EMFILE, ENFILE, EADDRNOTAVAIL] {
            let failure = PollFailure(ConnectFailure(IOError(errnoCode: code, reason: "connect")))
            #expect(failure == .lacksResources && !failure.concernsTarget)
        }
        #expect(PollFailure(ConnectFailure(IOError(errnoCode: ECONNREFUSED, reason: "connect"))) == .refused)
        #expect(PollFailure(ConnectFailure(IOError(errnoCode: EHOSTUNREACH, reason: "connect"))) == .refused)
        #expect(PollFailure(ConnectFailure(ChannelError.connectTimeout(.seconds(1)))) == .timeout)
    }
}
