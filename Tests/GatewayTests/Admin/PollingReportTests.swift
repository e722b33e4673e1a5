import FoundationEssentials
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayAdmin
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewaySettings

@Suite struct PollingReportTests {
    private static let thresholds = PolledHealth.Thresholds(healthyAfter: 2, unhealthyAfter: 1)

    private static func fixture(_ url: String) -> AdminFixture {
        AdminFixture {
            $0.server.maxPolls = 7
            $0.upstreams["plain"] = .targets("http://10.0.0.9:1")
            $0.upstreams["api"] = .targets(url)
            $0.upstreams["api"]?.required = true
            $0.upstreams["api"]?.health = HealthCheckConfiguration()
            $0.upstreams["api"]?.health?.interval = .milliseconds(2_500)
        }
    }

    /// The report, with the text `null` for null, which a `SettingValue` cannot hold.
    private static func report(_ admin: AdminFixture) async throws -> SettingValue {
        let text = try await admin.get("/health/polling").text.replacing(": null", with: ": \"null\"")
        return try JSONDecoder().decode(SettingValue.self, from: Data(text.utf8))
    }

    private static func moment(_ milliseconds: Int64) -> EndpointHealth.Moment {
        EndpointHealth.Moment(now: .uptimeNanoseconds(UInt64(milliseconds) * 1_000_000), time: milliseconds)
    }

    private static func poll(_ endpoint: UpstreamEndpoint, _ result: Result<Void, PollFailure>, at time: Int64) {
        _ = endpoint.polled(result, after: .microseconds(1_250), thresholds, share: 100, at: moment(time))
        endpoint.pollPlanned(for: moment(time + 2_500))
    }

    @Test func `polled upstreams are shown with the last result of each target`() async throws {
        let admin = Self.fixture("http://10.0.0.1:1")
        let endpoint = try #require(admin.status.upstreams.targets["api"]?.first?.endpoints.first)
        func report() async throws -> SettingValue { try await Self.report(admin) }
        var whole = try await report()
        #expect(whole["polls_running"] == 0 && whole["max_polls"] == 7)
        #expect(whole["upstreams", "1"] == nil)
        #expect(whole["upstreams", "0", "name"] == "api")
        #expect(whole["upstreams", "0", "interval_seconds"] == 2.5)
        var text = try await admin.get("/health/polling").text.filter { !$0.isWhitespace }
        #expect(text.contains("\"state\":\"unknown\"") && text.contains("\"last_result\":null"))

        Self.poll(endpoint, .failure(.status(503)), at: 1_000)
        whole = try await report()
        let target = whole["upstreams", "0", "targets", "0"]
        #expect(target?["target"] == "10.0.0.1:1" && target?["state"] == "down" && target?["reason"] == "status 503")
        #expect(target?["since"] == "1970-01-01T00:00:01Z" && target?["last_poll"] == "1970-01-01T00:00:01Z")
        #expect(target?["next_poll"] == "1970-01-01T00:00:03Z")
        #expect(target?["last_result"] == "failed" && target?["latency_ms"] == 1.25)
        #expect(target?["consecutive_successes"] == 0 && target?["consecutive_failures"] == 1)
        #expect(target?["polls_total"] == 1 && target?["addresses"] == nil)

        Self.poll(endpoint, .success(()), at: 2_000)
        Self.poll(endpoint, .success(()), at: 3_000)
        text = try await admin.get("/health/polling").text.filter { !$0.isWhitespace }
        #expect(text.contains("\"state\":\"up\"") && text.contains("\"last_result\":\"ok\",\"reason\":null"))
    }

    @Test func `the addresses of a name are listed below its target`() async throws {
        let admin = Self.fixture("http://backend.internal:80")
        let target = try #require(admin.status.upstreams.targets["api"]?.first)
        func shown() async throws -> SettingValue? {
            try await Self.report(admin)["upstreams", "0", "targets", "0"]
        }
        let before = try await shown()
        #expect(before?["state"] == "unknown" && before?["addresses"] == [])
        target.found(["10.0.0.1", "10.0.0.2"].compactMap { try? SocketAddress(ipAddress: $0, port: 80) })
        Self.poll(target.endpoints[0], .failure(.refused), at: 1_000)
        Self.poll(target.endpoints[1], .success(()), at: 2_000)
        let whole = try await shown()
        #expect(whole?["state"] == "up" && whole?["polls_total"] == 2 && whole?["last_result"] == "ok")
        #expect(whole?["addresses", "0", "address"] == "10.0.0.1:80" && whole?["addresses", "0", "reason"] == "refused")
        #expect(whole?["addresses", "1", "state"] == "up")
    }

    @Test func `a required upstream is ready once a poll has succeeded`() async throws {
        let admin = Self.fixture("http://10.0.0.1:1")
        let endpoint = try #require(admin.status.upstreams.targets["api"]?.first?.endpoints.first)
        #expect(await admin.statusCode("/health/ready") == 503)
        #expect(await admin.statusCode("/health") == 503)
        Self.poll(endpoint, .success(()), at: 1_000)
        #expect(await admin.statusCode("/health/ready") == 200)
        #expect(try await admin.json("/health")["status"] == "pass")
        Self.poll(endpoint, .failure(.body), at: 2_000)
        #expect(await admin.statusCode("/health/ready") == 503)
        let target = try await admin.json("/upstreams")["upstreams", "0", "targets", "0"]
        #expect(target?["state"] == "down" && target?["up"] == false && target?["reason"] == "body")
        let detail = try await admin.json("/health/detailed")["checks", "target:api", "0"]
        #expect(detail?["state"] == "down" && detail?["output"] == "down: body")
    }
}
