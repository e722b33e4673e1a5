import NIOCore
import Testing

@testable import GatewayCore

/// The breaker as workers share it.
struct EndpointCircuitTests {
    private static let width = RecentOutcomes.width(of: .seconds(10))

    private static func changes(_ change: (inout CircuitGroup.Settings) -> Void = { _ in }) -> EndpointChanges {
        var settings = CircuitGroup.Settings()
        settings.breaker.failures = 3
        change(&settings)
        let changes = EndpointChanges()
        changes.circuits.settings = settings
        return changes
    }

    private static func time(_ seconds: Double) -> NIODeadline { .uptimeNanoseconds(UInt64(seconds * 1e9)) }

    private static func number(_ circuit: EndpointCircuit) -> UInt32? {
        switch circuit.request() {
        case .admitted(let number), .probe(let number): number
        case .refused: nil
        }
    }

    private static func fail(_ circuit: EndpointCircuit, at seconds: Double = 1) -> CircuitBreaker.OnOutcome {
        circuit.failed(self.number(circuit) ?? 0, .status(500), at: self.time(seconds))
    }

    private static func succeed(_ circuit: EndpointCircuit, at seconds: Double = 1) -> CircuitBreaker.OnOutcome {
        circuit.succeeded(self.number(circuit) ?? 0, at: self.time(seconds), slotsOf: self.width)
    }

    @Test func `successes that were counted without the lock lower the rate`() {
        let changes = Self.changes { $0.breaker.failures = 1000 }
        let circuit = EndpointCircuit(changes)
        // 30 successes over six seconds, then 30 failures reach one half.
        for second in 0..<30 { #expect(Self.succeed(circuit, at: 100 + Double(second) / 5) == .unchanged) }
        for _ in 0..<29 { #expect(Self.fail(circuit, at: 106) == .unchanged) }
        #expect(Self.fail(circuit, at: 106) == .opened(for: .seconds(10)))
        #expect(circuit.breaker?.total(at: Self.time(106)) ?? (0, 0) == (30, 30))
    }

    @Test func `successes expire however long nothing fails`() {
        let changes = Self.changes { $0.breaker.failures = 1000 }
        let circuit = EndpointCircuit(changes)
        for _ in 0..<1000 { #expect(Self.succeed(circuit, at: 100) == .unchanged) }
        for _ in 0..<19 { #expect(Self.fail(circuit, at: 200) == .unchanged) }
        #expect(Self.fail(circuit, at: 200) == .opened(for: .seconds(10)))
    }

    @Test func `workers see each change, and learn of it`() {
        let changes = Self.changes()
        let circuit = EndpointCircuit(changes)
        #expect(circuit.availability == [])
        for _ in 0..<2 { #expect(Self.fail(circuit) == .unchanged) }
        #expect(changes.version == 0)
        #expect(Self.fail(circuit) == .opened(for: .seconds(10)))
        #expect(circuit.availability == .circuitOpen && changes.version == 1)
        #expect(circuit.request() == .refused)
        #expect(circuit.waited(circuit.breaker?.number ?? 0) == .halfOpen)
        #expect(circuit.availability == .circuitHalfOpen && changes.version == 2)
        #expect(Self.succeed(circuit) == .closed)
        #expect(circuit.availability == [] && changes.version == 3)
    }

    @Test func `a probe that is dropped makes room for another`() {
        let circuit = EndpointCircuit(Self.changes { $0.breaker.failures = 1 })
        _ = Self.fail(circuit)
        _ = circuit.waited(circuit.breaker?.number ?? 0)
        for _ in 0..<3 {
            guard case .probe(let number) = circuit.request() else {
                Issue.record("no probe was admitted")
                return
            }
            let probe = CircuitProbe(circuit: circuit, number: number)
            #expect(circuit.request() == .refused)
            _ = consume probe
        }
        #expect(Self.succeed(circuit) == .closed)
    }

    @Test func `room is shared, and returned by closing, leaving and ceasing to exist`() {
        let changes = Self.changes { $0.breaker.failures = 1 }
        let first = EndpointCircuit(changes)
        let second = EndpointCircuit(changes)
        #expect(Self.fail(first) != .unchanged)
        #expect(Self.fail(second) == .unchanged)
        _ = first.waited(first.breaker?.number ?? 0)
        #expect(Self.fail(second) == .unchanged)
        #expect(Self.succeed(first) == .closed)
        #expect(Self.fail(second) != .unchanged)
        second.leave()
        second.leave()
        #expect(Self.fail(first) != .unchanged)
        var third: EndpointCircuit? = EndpointCircuit(changes)
        #expect(third.map { Self.fail($0) } == .unchanged)
        third = nil
        #expect(third == nil)
        // It left the group: a share of 1 has room for the two that are in it, of which one is out.
        changes.circuits.settings?.maxEjected = 1
        let fourth = EndpointCircuit(changes)
        #expect(Self.fail(fourth) != .unchanged)
        #expect(!changes.circuits.takeRoom())
    }

    @Test func `without settings nothing opens it, and removing them closes it`() {
        let changes = EndpointChanges()
        let circuit = EndpointCircuit(changes)
        for _ in 0..<100 { #expect(Self.fail(circuit) == .unchanged) }
        #expect(circuit.breaker == nil)
        var settings = CircuitGroup.Settings()
        settings.breaker.failures = 1
        changes.circuits.settings = settings
        circuit.configure()
        #expect(Self.fail(circuit) == .opened(for: .seconds(10)))
        changes.circuits.settings = nil
        circuit.configure()
        #expect(circuit.breaker == nil && circuit.availability == [])
        changes.circuits.settings = settings
        #expect(changes.circuits.takeRoom())
    }
}
