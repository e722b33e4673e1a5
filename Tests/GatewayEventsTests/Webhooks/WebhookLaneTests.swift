import GatewayCore
import Testing

@testable import GatewayEvents

@Suite struct WebhookLaneTests {
    @Test func `deliveries go out one at a time and in order`() throws {
        var simulation = try LaneSimulation()
        let events = try (0..<100).map { _ in try simulation.accept() }
        #expect(try simulation.turn().isSending)
        guard case .idle = simulation.lane.next(at: simulation.now) else {
            Issue.record("a second delivery beside the first")
            return
        }
        try simulation.run { _, _ in 204 }
        #expect(simulation.delivered == events)
        #expect(simulation.lane.pending == 0)
    }

    @Test(arguments: [301, 302, 400, 404, 429, 500, 503, nil])
    func `anything but 2xx is tried again, until the schedule ends`(status: Int?) throws {
        var simulation = try LaneSimulation()
        try simulation.accept()
        try simulation.run { _, _ in status }
        #expect(simulation.sent.count == 4)
        #expect(simulation.results.last?.result == .failed)
        #expect(simulation.lane.pending == 0)
        let waits = zip(simulation.sent, simulation.sent.dropFirst()).map { $1.time - $0.time }
        for (wait, expected) in zip(waits, simulation.schedule.retry) {
            #expect(wait >= expected * 8 / 10 && wait <= expected * 12 / 10)
        }
    }

    @Test func `no two waits are alike`() throws {
        var waits: Set<Int64> = []
        for seed in 1...20 as ClosedRange<UInt64> {
            var simulation = try LaneSimulation(seed: seed)
            try simulation.accept()
            _ = try simulation.turn()
            guard case .retry(let due)? = try simulation.answer(500) else {
                Issue.record("no retry")
                return
            }
            waits.insert(due - LaneSimulation.start)
        }
        #expect(waits.count > 10)
    }

    @Test func `410 disables, and what waits stays`() throws {
        var simulation = try LaneSimulation()
        for _ in 0..<3 { try simulation.accept() }
        _ = try simulation.turn()
        #expect(try simulation.answer(410) == .disabled(.gone))
        #expect(try simulation.turn() == (false, nil))
        #expect(simulation.lane.pending == 3)
        simulation.lane.enable()
        try DeliveryRows.restart("ops", in: simulation.store)
        try simulation.run { _, _ in 200 }
        #expect(simulation.delivered.count == 3)
    }

    @Test func `a receiver that restarts gets everything in order`() throws {
        var simulation = try LaneSimulation()
        var events = [try simulation.accept()]
        _ = try simulation.turn()
        try simulation.answer(nil)
        events += try (0..<40).map { _ in try simulation.accept() }
        try simulation.run { _, _ in 200 }
        #expect(simulation.delivered == events)
        #expect(simulation.now <= LaneSimulation.start + 6000)
    }

    @Test func `the order survives a restart of the gateway`() throws {
        var simulation = try LaneSimulation()
        let events = try (0..<10).map { _ in try simulation.accept() }
        _ = try simulation.turn()
        try simulation.answer(nil)
        try simulation.restart()
        try simulation.run { _, _ in 200 }
        #expect(simulation.delivered == events)
    }

    @Test func `one that is refused holds up the others for ten seconds at most`() throws {
        var simulation = try LaneSimulation()
        let events = try (0..<50).map { _ in try simulation.accept() }
        try simulation.run(until: LaneSimulation.start + 10_000) { event, _ in event == events[0] ? 400 : 200 }
        #expect(simulation.delivered == Array(events.dropFirst()))
    }

    @Test func `a receiver that refuses some events is held up once a minute`() throws {
        var simulation = try LaneSimulation()
        let events = try (0..<200).map { _ in try simulation.accept() }
        let refused = Set(events.enumerated().filter { $0.offset % 2 == 0 }.map(\.element))
        try simulation.run(until: LaneSimulation.start + 30_000) { event, _ in refused.contains(event) ? 400 : 200 }
        #expect(simulation.delivered == events.filter { !refused.contains($0) })
    }

    @Test(arguments: [429, 503])
    func `nothing is sent before Retry-After`(status: Int) throws {
        var simulation = try LaneSimulation()
        for _ in 0..<2 { try simulation.accept() }
        _ = try simulation.turn()
        try simulation.answer(status, retryAfter: 120_000)
        try simulation.run { _, _ in 200 }
        #expect(simulation.sent.dropFirst().allSatisfy { $0.time >= LaneSimulation.start + 120_000 })
        #expect(simulation.delivered.count == 2)
    }

    @Test func `a Retry-After without end is bounded`() throws {
        var simulation = try LaneSimulation()
        for _ in 0..<2 { try simulation.accept() }
        _ = try simulation.turn()
        try simulation.answer(503, retryAfter: .max)
        try simulation.run { _, _ in 200 }
        #expect(simulation.delivered.count == 2)
        #expect(simulation.now <= LaneSimulation.start + 24 * 3_600_000)
    }

    @Test func `a webhook that fails for too long is disabled`() throws {
        var simulation = try LaneSimulation()
        simulation.schedule.disableAfter = 600_000
        for _ in 0..<100 {
            try simulation.accept()
            try simulation.run(until: simulation.now + 10_000) { _, _ in 500 }
            simulation.now += 10_000
        }
        #expect(simulation.results.last?.result == .disabled(.failing))
        let time = try #require(simulation.sent.last?.time) - LaneSimulation.start
        #expect(time >= 600_000 && time < 700_000)
        #expect(!simulation.lane.isEnabled)
    }

    @Test func `one success in between keeps a webhook enabled`() throws {
        var simulation = try LaneSimulation()
        simulation.schedule.disableAfter = 600_000
        for round in 0..<200 {
            try simulation.accept()
            try simulation.run(until: simulation.now + 10_000) { _, _ in round % 20 == 19 ? 200 : 500 }
            simulation.now += 10_000
        }
        #expect(simulation.lane.isEnabled)
    }

    @Test func `the oldest are given up wherever they wait`() throws {
        var simulation = try LaneSimulation()
        let events = try (0..<30).map { _ in try simulation.accept() }
        _ = try simulation.turn()
        try simulation.answer(500)
        let keys = try DeliveryRows.failOldest(
            10,
            of: "ops",
            because: "too many",
            at: simulation.now,
            in: simulation.store
        )
        simulation.lane.gaveUp(Set(keys))
        #expect(simulation.lane.pending == 20)
        try simulation.run { _, _ in 200 }
        #expect(simulation.delivered == Array(events.dropFirst(10)))
    }

    /// Receivers that fail at random, gateways that restart at random: everything ends, nothing is lost, and while the
    /// receiver answers everything is in order.
    @Test(arguments: 1...200 as ClosedRange<UInt64>)
    func `everything is delivered or has failed in the end`(seed: UInt64) throws {
        var simulation = try LaneSimulation(seed: seed)
        var accepted: [EventID] = []
        var isUp = true
        for _ in 0..<300 {
            switch Int.random(in: 0..<10, using: &simulation.random) {
            case 0: isUp.toggle()
            case 1: try simulation.restart()
            case 2...4: accepted.append(try simulation.accept())
            case 5: simulation.now += Int64.random(in: 0...20_000, using: &simulation.random)
            default:
                if try simulation.turn().isSending {
                    let failures: [Int?] = [500, nil, 302, 429]
                    let status = isUp ? 200 : failures.randomElement(using: &simulation.random) ?? nil
                    try simulation.answer(status, after: Int64.random(in: 0...3000, using: &simulation.random))
                }
            }
        }
        let before = simulation.results.count
        let calm = simulation.now + 7_200_000
        try simulation.run(until: calm) { _, _ in 200 }
        let failed = Set(simulation.results.filter { $0.result == .failed }.map(\.event))
        #expect(Set(simulation.delivered).union(failed) == Set(accepted))
        #expect(simulation.lane.pending == 0)
        #expect(try DeliveryRows.pending(in: simulation.store).isEmpty)
        // Those that had never failed come in order.
        let tried = Set(simulation.results[..<before].map(\.event))
        let fresh = simulation.results[before...].map(\.event).filter { !tried.contains($0) }
        #expect(fresh == fresh.sorted())
    }
}
