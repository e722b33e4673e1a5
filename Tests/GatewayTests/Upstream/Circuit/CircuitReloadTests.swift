import NIOCore
import Testing

@testable import GatewayCore
@testable import GatewaySettings

/// What a new configuration leaves of circuits, and of what operators have set by hand.
struct CircuitReloadTests {
    private static func configuration(
        _ targets: [TargetConfiguration],
        breaker: CircuitBreakerConfiguration? = CircuitBreakerConfiguration()
    ) -> GatewayConfiguration {
        var upstream = UpstreamConfiguration()
        upstream.targets = targets
        upstream.circuitBreaker = breaker
        var configuration = GatewayConfiguration()
        configuration.upstreams["api"] = upstream
        return configuration
    }

    private static func target(_ number: Int, weight: Int = 1) -> TargetConfiguration {
        TargetConfiguration(.http(host: "10.0.0.\(number)", port: 80), weight: weight)
    }

    /// Fails until the circuit opens, at most ten times.
    private static func open(_ target: UpstreamTarget) -> Bool {
        let circuit = target.endpoints[0].circuit
        for _ in 0..<10 {
            guard case .admitted(let number) = circuit.request() else { return true }
            _ = circuit.failed(number, .upstream(.reset), at: .now())
        }
        return circuit.request() == .refused
    }

    @Test func `a circuit that is open stays open, and keeps its room`() throws {
        let registry = UpstreamRegistry(Self.configuration([Self.target(1), Self.target(2)]), inProcess: [:])
        let before = try #require(registry.targets["api"])
        #expect(Self.open(before[0]) && !Self.open(before[1]))
        var breaker = CircuitBreakerConfiguration()
        breaker.failures = 2
        registry.update(Self.configuration([Self.target(2), Self.target(1)], breaker: breaker))
        let after = try #require(registry.targets["api"])
        #expect(after[1] === before[0])
        #expect(after[1].circuit?.state == .open)
        #expect(after[1].circuit?.reason == .upstream(.reset))
        #expect(!Self.open(after[0]))
        // The endpoint that was removed takes its room with it.
        registry.update(Self.configuration([Self.target(2), Self.target(3)]))
        #expect(Self.open(after[0]))
    }

    @Test func `circuits come and go with their table`() throws {
        let registry = UpstreamRegistry(Self.configuration([Self.target(1)], breaker: nil), inProcess: [:])
        let target = try #require(registry.targets["api"]?.first)
        #expect(target.circuit == nil && !Self.open(target))
        registry.update(Self.configuration([Self.target(1)]))
        #expect(target.circuit?.state == .closed)
        #expect(Self.open(target))
        #expect(target.endpoints[0].availability == .circuitOpen)
        registry.update(Self.configuration([Self.target(1)], breaker: nil))
        #expect(target.circuit == nil && target.endpoints[0].availability == [])
    }

    @Test func `a change that is prepared but not applied leaves nothing behind`() throws {
        let registry = UpstreamRegistry(Self.configuration([Self.target(1), Self.target(2)]), inProcess: [:])
        let targets = try #require(registry.targets["api"])
        for number in 3..<20 { _ = registry.prepare(Self.configuration([Self.target(1), Self.target(number)])) }
        #expect(Self.open(targets[0]) && !Self.open(targets[1]))
    }

    @Test func `what was set by hand holds until a reload changes the target`() throws {
        let registry = UpstreamRegistry(
            Self.configuration([Self.target(1, weight: 2), Self.target(2)]),
            inProcess: [:]
        )
        let targets = try #require(registry.targets["api"])
        targets[0].drain()
        targets[1].set(weight: 0)
        #expect(targets.map(\.weight) == [2, 0] && targets.map(\.condition.state) == [.draining, .unknown])
        #expect(targets.allSatisfy { $0.endpoints[0].availability == .drained })
        registry.update(Self.configuration([Self.target(2), Self.target(1, weight: 2), Self.target(3)]))
        #expect(targets.map(\.weight) == [2, 0])
        #expect(targets.allSatisfy { $0.endpoints[0].availability == .drained })
        registry.update(Self.configuration([Self.target(2, weight: 3), Self.target(1, weight: 5)]))
        #expect(targets.map(\.weight) == [5, 3])
        #expect(targets.allSatisfy { $0.endpoints[0].availability == [] })
    }

    @Test func `a drained target of weight 0 needs both taken back`() throws {
        let registry = UpstreamRegistry(Self.configuration([Self.target(1)]), inProcess: [:])
        let target = try #require(registry.targets["api"]?.first)
        target.set(weight: 0)
        target.drain()
        target.ready()
        #expect(target.endpoints[0].availability == .drained && target.condition.state == .unknown)
        target.set(weight: 1)
        #expect(target.endpoints[0].availability == [])
    }

    @Test func `an address that a drained name gains is drained too`() throws {
        let name = TargetConfiguration(.http(host: "backend", port: 80))
        let registry = UpstreamRegistry(Self.configuration([name]), inProcess: [:])
        let target = try #require(registry.targets["api"]?.first)
        target.drain()
        target.found([try SocketAddress(ipAddress: "10.0.0.1", port: 80)])
        #expect(target.endpoints.map(\.availability) == [.drained])
        target.ready()
        #expect(target.endpoints.map(\.availability) == [[]])
    }

    @Test func `a name is shown by the worst of its addresses`() throws {
        let name = TargetConfiguration(.http(host: "backend", port: 80))
        let registry = UpstreamRegistry(Self.configuration([name]), inProcess: [:])
        let target = try #require(registry.targets["api"]?.first)
        target.found([
            try SocketAddress(ipAddress: "10.0.0.1", port: 80), try SocketAddress(ipAddress: "10.0.0.2", port: 80),
        ])
        #expect(target.circuit?.state == .closed)
        #expect(Self.open(target))
        #expect(target.circuit?.state == .open && target.circuit?.failures == 5)
        #expect(target.circuit?.nextProbe != nil)
        _ = target.endpoints[0].circuit.waited(target.endpoints[0].circuit.breaker?.number ?? 0)
        #expect(target.circuit?.state == .halfOpen && target.circuit?.nextProbe == nil)
    }
}
