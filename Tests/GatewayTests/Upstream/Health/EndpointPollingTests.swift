import NIOCore
import Synchronization
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewaySettings

/// What polls change about an endpoint, which all workers share.
@Suite struct EndpointPollingTests {
    private static let thresholds = PolledHealth.Thresholds(healthyAfter: 1, unhealthyAfter: 2)
    private let changes = EndpointChanges()

    private func endpoint(isPolled: Bool = true) throws -> UpstreamEndpoint {
        let address = try SocketAddress(ipAddress: "10.0.0.1", port: 80)
        let endpoint = UpstreamEndpoint(address, identity: "a", changes: self.changes)
        endpoint.setPolled(isPolled)
        return endpoint
    }

    private func poll(_ endpoint: UpstreamEndpoint, _ failure: PollFailure? = nil, second: Int64 = 1) {
        _ = endpoint.polled(
            failure.map { .failure($0) } ?? .success(()),
            after: .milliseconds(3),
            Self.thresholds,
            share: 10,
            at: EndpointHealth.Moment(now: .uptimeNanoseconds(UInt64(second) * 1_000_000_000), time: second * 1000)
        )
    }

    @Test func `an endpoint that is polled is unchecked, then available, then unhealthy`() throws {
        let endpoint = try endpoint()
        #expect(endpoint.availability == .unchecked)
        self.poll(endpoint)
        #expect(endpoint.availability == [])
        let version = self.changes.version
        self.poll(endpoint, .timeout)
        #expect(endpoint.availability == [] && self.changes.version == version)
        self.poll(endpoint, .status(503))
        #expect(endpoint.availability == .unhealthy && self.changes.version == version + 1)
        #expect(endpoint.share.load(ordering: .relaxed) == 100)
        self.poll(endpoint)
        #expect(endpoint.availability == [] && endpoint.share.load(ordering: .relaxed) == 10)
    }

    @Test func `an endpoint that fails from the start becomes unhealthy`() throws {
        let endpoint = try endpoint()
        self.poll(endpoint, .refused)
        #expect(endpoint.availability == .unchecked)
        self.poll(endpoint, .refused)
        #expect(endpoint.availability == .unhealthy)
    }

    @Test func `the end of health checks ends their reasons, and they begin anew`() throws {
        let endpoint = try endpoint()
        self.poll(endpoint, .refused)
        self.poll(endpoint, .refused)
        endpoint.setPolled(false)
        #expect(endpoint.availability == [] && endpoint.pollResults == nil)
        // A poll that was in progress.
        self.poll(endpoint, .refused)
        #expect(endpoint.availability == [] && endpoint.pollResults == nil)
        endpoint.setPolled(true)
        #expect(endpoint.availability == .unchecked && endpoint.pollResults?.count == 0)
        self.poll(endpoint)
        endpoint.setPolled(true)
        #expect(endpoint.availability == [] && endpoint.pollResults?.count == 1)
    }

    @Test func `a gateway that lacks resources does not take its targets down`() throws {
        let endpoint = try endpoint()
        self.poll(endpoint)
        for _ in 0..<5 { self.poll(endpoint, .lacksResources) }
        #expect(endpoint.availability == [])
        #expect(endpoint.pollResults?.failure == .lacksResources && endpoint.pollResults?.count == 6)
    }

    @Test func `the condition shows the verdict, its reason and the next poll`() throws {
        let endpoint = try endpoint()
        #expect(endpoint.condition.state == .unknown && !endpoint.condition.isUp)
        #expect(try self.endpoint(isPolled: false).condition.isUp)
        self.poll(endpoint)
        #expect(endpoint.condition.state == .up && endpoint.condition.isUp && endpoint.condition.reason == nil)
        self.poll(endpoint, .status(503), second: 2)
        self.poll(endpoint, .status(500), second: 3)
        let next = EndpointHealth.Moment(now: .uptimeNanoseconds(8_000_000_000), time: 8_000)
        endpoint.pollPlanned(for: next)
        let down = endpoint.condition
        #expect(down.state == .down && down.reason == "status 500" && down.since.time == 3_000)
        #expect(down.nextTry == next)
    }

    @Test func `requests that fail take an endpoint out although its polls succeed`() throws {
        let endpoint = try endpoint()
        self.poll(endpoint)
        endpoint.fail()
        #expect(endpoint.condition.state == .down && endpoint.condition.reason == "refused")
        #expect(endpoint.availability == .unreachable)
        _ = endpoint.connected()
        #expect(endpoint.condition.state == .up && endpoint.availability == [])
    }

    @Test func `a target is up while one of its addresses is`() throws {
        let endpoints = try (0..<3).map { _ in try endpoint() }
        func whole() -> EndpointPolling? { EndpointPolling.whole(of: endpoints.compactMap(\.pollResults)) }
        #expect(whole()?.health.state == .unknown)
        self.poll(endpoints[0], .refused, second: 1)
        self.poll(endpoints[0], .refused, second: 2)
        #expect(whole()?.health.state == .unknown)
        self.poll(endpoints[1], second: 3)
        #expect(whole()?.health.state == .up && whole()?.health.since.time == 3_000)
        #expect(whole()?.count == 3 && whole()?.hasSucceeded == true && whole()?.lastPoll?.time == 3_000)
        for endpoint in endpoints[1...] {
            self.poll(endpoint, .timeout, second: 4)
            self.poll(endpoint, .timeout, second: 5)
        }
        #expect(whole()?.health.state == .down && whole()?.health.since.time == 5_000)
        #expect(whole()?.failure == .timeout && whole()?.count == 7)
        #expect(EndpointPolling.whole(of: []) == nil)
    }
}
