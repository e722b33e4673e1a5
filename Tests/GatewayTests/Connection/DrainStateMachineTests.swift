import Testing

@testable import GatewayCore

/// Each event in each state: what to do, and the state that follows.
struct DrainStateMachineTests {
    enum Event: Sendable { case start, cancel, end }

    private static let paths: [DrainStateMachine.State: [Event]] = [
        .serving: [], .draining: [.start], .ending: [.end],
    ]

    @Test(arguments: [
        (DrainStateMachine.State.serving, Event.start, "drain", DrainStateMachine.State.draining),
        (.serving, .cancel, "unchanged", .serving),
        (.serving, .end, "drain", .ending),
        (.draining, .start, "unchanged", .draining),
        (.draining, .cancel, "serve", .serving),
        (.draining, .end, "drain", .ending),
        (.ending, .start, "unchanged", .ending),
        (.ending, .cancel, "unchanged", .ending),
        (.ending, .end, "unchanged", .ending),
    ])
    func `each event in each state`(
        before: DrainStateMachine.State,
        event: Event,
        outcome: String,
        after: DrainStateMachine.State
    ) throws {
        var machine = DrainStateMachine()
        for event in try #require(Self.paths[before]) { _ = Self.send(event, to: &machine) }
        #expect(machine.state == before)
        #expect(Self.send(event, to: &machine) == outcome)
        #expect(machine.state == after)
        #expect(machine.isDraining == (after != .serving))
    }

    private static func send(_ event: Event, to machine: inout DrainStateMachine) -> String {
        switch event {
        case .start: "\(machine.start())"
        case .cancel: "\(machine.cancel())"
        case .end: "\(machine.end())"
        }
    }
}
