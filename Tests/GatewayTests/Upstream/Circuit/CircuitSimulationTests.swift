import NIOCore
import Testing

@testable import GatewayCore

/// Random requests to several endpoints, with outcomes in any order, some late and some missing.
struct CircuitSimulationTests {
    private struct Flight {
        let endpoint: Int
        let number: UInt32
        var probe: Bool
    }

    @Test(arguments: 0..<40)
    func `no state is left for ever, no place is lost, and the room is never exceeded`(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        var settings = CircuitGroup.Settings()
        settings.breaker.failures = Int.random(in: 1...4, using: &random)
        settings.breaker.probes = Int.random(in: 1...3, using: &random)
        settings.breaker.openFor = .milliseconds(100)
        settings.breaker.maxOpen = .milliseconds(400)
        settings.maxEjected = [0, 0.34, 0.5, 1].randomElement(using: &random) ?? 1
        let changes = EndpointChanges()
        changes.circuits.settings = settings
        let count = Int.random(in: 1...6, using: &random)
        let circuits = (0..<count).map { _ in EndpointCircuit(changes) }
        let room = CircuitGroup.room(among: count, share: settings.maxEjected)
        var flights: [Flight] = []
        var due: [(at: Int, endpoint: Int, number: UInt32)] = []
        let width = RecentOutcomes.width(of: settings.breaker.window)

        func step(_ millisecond: Int, failing: Double) {
            let now = NIODeadline.uptimeNanoseconds(UInt64(millisecond) * 1_000_000)
            for wait in due where wait.at <= millisecond { _ = circuits[wait.endpoint].waited(wait.number) }
            due.removeAll { $0.at <= millisecond }
            let endpoint = Int.random(in: 0..<count, using: &random)
            switch circuits[endpoint].request() {
            case .admitted(let number): flights.append(Flight(endpoint: endpoint, number: number, probe: false))
            case .probe(let number):
                #expect(!flights.contains { $0.probe && $0.endpoint == endpoint })
                flights.append(Flight(endpoint: endpoint, number: number, probe: true))
            case .refused: break
            }
            guard !flights.isEmpty, flights.count > 8 || Bool.random(using: &random) else { return }
            let flight = flights.remove(at: Int.random(in: flights.indices, using: &random))
            let circuit = circuits[flight.endpoint]
            let outcome: CircuitBreaker.OnOutcome
            switch Double.random(in: 0..<1, using: &random) {
            case ..<0.1:
                if flight.probe { circuit.abandoned(flight.number) }
                return
            case ..<(0.1 + failing): outcome = circuit.failed(flight.number, .upstream(.reset), at: now)
            default: outcome = circuit.succeeded(flight.number, at: now, slotsOf: width)
            }
            guard case .opened(let pause) = outcome else { return }
            #expect(pause >= .milliseconds(100) && pause <= .milliseconds(400))
            let wait = Int(pause.nanoseconds / 1_000_000)
            due.append((millisecond + wait, flight.endpoint, circuit.breaker?.number ?? 0))
        }

        for millisecond in 0..<4_000 {
            step(millisecond, failing: 0.6)
            #expect(circuits.count { $0.availability != [] } <= room)
        }
        for millisecond in 4_000..<10_000 { step(millisecond, failing: 0) }
        for _ in 0..<room { #expect(changes.circuits.takeRoom()) }
        #expect(!changes.circuits.takeRoom())
        #expect(circuits.allSatisfy { $0.availability == [] })
    }
}
