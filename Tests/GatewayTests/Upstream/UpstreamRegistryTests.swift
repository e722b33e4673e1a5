import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewaySettings

/// What a new configuration leaves of the upstreams that run.
@Suite struct UpstreamRegistryTests {
    private static func configuration(
        _ urls: [String],
        in name: String = "api",
        _ change: (inout UpstreamConfiguration) -> Void = { _ in }
    ) -> GatewayConfiguration {
        var upstream = UpstreamConfiguration()
        upstream.targets = urls.compactMap { TargetURL($0).map { TargetConfiguration($0) } }
        change(&upstream)
        var configuration = GatewayConfiguration()
        configuration.upstreams[name] = upstream
        return configuration
    }

    private static func registry(_ configuration: GatewayConfiguration) -> UpstreamRegistry {
        UpstreamRegistry(configuration, inProcess: [:])
    }

    @Test func `targets that remain keep their health, in the order of the new configuration`() throws {
        let registry = Self.registry(Self.configuration(["http://10.0.0.1:1", "http://10.0.0.2:1"]))
        let before = try #require(registry.targets["api"])
        before[1].endpoints[0].fail()
        registry.update(Self.configuration(["http://10.0.0.2:1", "http://10.0.0.3:1"]))
        let after = try #require(registry.targets["api"])
        #expect(after.map(\.label) == ["10.0.0.2:1", "10.0.0.3:1"])
        #expect(after[0] === before[1])
        #expect(!after[0].isUp && after[1].isUp)
        #expect(before[0].endpoints[0].isLeaving && !before[1].endpoints[0].isLeaving)
    }

    @Test func `targets that remain keep the verdicts of their polls`() throws {
        func polled(_ urls: String..., interval: TimeSpan = .seconds(5)) -> GatewayConfiguration {
            Self.configuration(urls) {
                $0.health = HealthCheckConfiguration()
                $0.health?.interval = interval
            }
        }
        let thresholds = PolledHealth.Thresholds(healthyAfter: 1, unhealthyAfter: 1)
        func poll(_ target: UpstreamTarget, _ result: Result<Void, PollFailure>) {
            _ = target.endpoints[0].polled(result, after: .zero, thresholds, share: 100, at: .current)
        }
        let registry = Self.registry(polled("http://10.0.0.1:1", "http://10.0.0.2:1"))
        let before = try #require(registry.targets["api"])
        #expect(before.map(\.endpoints[0].availability) == [.unchecked, .unchecked])
        poll(before[0], .success(()))
        poll(before[1], .failure(.timeout))
        registry.update(polled("http://10.0.0.3:1", "http://10.0.0.2:1", "http://10.0.0.1:1", interval: .seconds(1)))
        let after = try #require(registry.targets["api"])
        #expect(after.map(\.endpoints[0].availability) == [.unchecked, .unhealthy, []])
        #expect(after.map(\.condition.state) == [.unknown, .down, .up])
        #expect(registry.polled.upstreams.map(\.settings.health.interval) == [.seconds(1)])
        // Without health checks, nothing of them remains.
        registry.update(Self.configuration(["http://10.0.0.2:1"]))
        #expect(after[1].endpoints[0].availability == [] && after[1].isUp)
        #expect(registry.polled.upstreams.isEmpty)
    }

    @Test func `later addresses of a name that is polled are unchecked`() throws {
        let registry = Self.registry(
            Self.configuration(["http://backend:80"]) { $0.health = HealthCheckConfiguration() }
        )
        let target = try #require(registry.targets["api"]?.first)
        #expect(!target.isUp)
        target.found([try SocketAddress(ipAddress: "10.0.0.1", port: 80)])
        #expect(target.endpoints.map(\.availability) == [.unchecked] && !target.isUp)
    }

    @Test func `the limit of polls and each update reach the health checker`() {
        let registry = Self.registry(Self.configuration(["http://10.0.0.1:1"]))
        let updates = NIOLockedValueBox(0)
        registry.whenUpdated { updates.withLockedValue { $0 += 1 } }
        var configuration = Self.configuration(["http://10.0.0.1:1"])
        configuration.server.maxPolls = 3
        registry.update(configuration)
        #expect(updates.withLockedValue { $0 } == 1 && registry.polled.limit == 3)
        registry.whenUpdated(nil)
        registry.update(configuration)
        #expect(updates.withLockedValue { $0 } == 1)
    }

    @Test func `weights and limits apply to targets that remain`() throws {
        let registry = Self.registry(Self.configuration(["http://10.0.0.1:1"]) { $0.maxConnections = 1 })
        let target = try #require(registry.targets["api"]?.first)
        let worker = target.permits.join {}
        #expect(worker.tryTake() && !worker.tryTake())
        registry.update(
            Self.configuration(["http://10.0.0.1:1"]) {
                $0.targets[0].weight = 5
                $0.maxConnections = 2
            }
        )
        #expect(registry.targets["api"]?.first === target)
        #expect(target.weight == 5)
        #expect(worker.tryTake() && !worker.tryTake())
    }

    @Test func `upstreams come and go by name`() throws {
        let registry = Self.registry(Self.configuration(["http://10.0.0.1:1"], in: "old"))
        let target = try #require(registry.targets["old"]?.first)
        registry.update(Self.configuration(["http://10.0.0.1:1"], in: "new"))
        #expect(registry.configuration.keys.sorted() == ["new"] && registry.targets.keys.sorted() == ["new"])
        #expect(registry.targets["new"]?.first !== target)
        // Requests in progress still find it.
        #expect(!target.endpoints[0].isLeaving)
    }

    @Test func `a target that is gone ignores later addresses`() throws {
        let registry = Self.registry(Self.configuration(["http://backend:80"]))
        let target = try #require(registry.targets["api"]?.first)
        registry.update(Self.configuration(["http://other:80"]))
        target.notFound(reason: "late")
        #expect(target.lookUp == .pending)
    }
}
