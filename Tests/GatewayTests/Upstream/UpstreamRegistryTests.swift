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
