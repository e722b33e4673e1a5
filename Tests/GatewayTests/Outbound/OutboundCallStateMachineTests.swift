import Testing

@testable import GatewayCore

@Suite struct OutboundCallStateMachineTests {
    private func machine(_ maxBody: Int, _ whenTooLarge: OutboundRequest.WhenTooLarge) -> OutboundCall.StateMachine {
        OutboundCall.StateMachine(maxBody: maxBody, whenTooLarge: whenTooLarge)
    }

    @Test func `a body up to the limit is kept`() {
        var machine = self.machine(10, .fail)
        #expect(machine.responseEnded() == false)
        machine.responseHead()
        #expect(machine.received(4) == .keep)
        #expect(machine.received(6) == .keep)
        #expect(machine.responseEnded() == true)
        #expect(machine.received(1) == .ignore)
        #expect(machine.end() == false)
    }

    @Test func `a longer body ends the request, as the caller chose`() {
        var failing = self.machine(10, .fail)
        failing.responseHead()
        #expect(failing.received(9) == .keep)
        #expect(failing.received(2) == .tooLarge)
        #expect(failing.responseEnded() == false)
        var truncating = self.machine(10, .truncate)
        truncating.responseHead()
        #expect(truncating.received(9) == .keep)
        #expect(truncating.received(5) == .truncate(1))
        #expect(truncating.received(5) == .ignore)
        #expect(truncating.end() == false)
    }

    @Test func `what comes after the end changes nothing`() {
        var machine = self.machine(10, .fail)
        #expect(machine.end() == true)
        machine.responseHead()
        #expect(machine.received(1) == .ignore)
        #expect(machine.responseEnded() == false)
        #expect(machine.end() == false)
    }
}
