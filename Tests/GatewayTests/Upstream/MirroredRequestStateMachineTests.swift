import Testing

@testable import Gateway
@testable import GatewayCore

@Suite struct MirroredRequestStateMachineTests {
    private typealias Machine = MirroredRequest.StateMachine

    @Test func `a copy with a body is sent once the body is complete`() {
        var machine = Machine(maxBody: 10)
        #expect(machine.received(4) == .keep)
        #expect(machine.received(6) == .keep)
        #expect(machine.bodyEnded() == true)
        #expect(machine.bodyEnded() == false)
        #expect(machine.received(1) == .ignore)
        machine.responseHead(status: 200)
        #expect(machine.responseBytes(100) == nil)
        #expect(machine.responseEnded() == .ok)
        #expect(machine.responseEnded() == nil)
    }

    @Test func `a body over the limit ends the copy once`() {
        var machine = Machine(maxBody: 10)
        #expect(machine.received(10) == .keep)
        #expect(machine.received(1) == .end(.tooLarge))
        #expect(machine.received(1) == .ignore)
        #expect(machine.bodyEnded() == false)
        #expect(machine.failed(isTimeout: false) == nil)
    }

    @Test func `a restart drops what was kept, and a copy that was sent ignores it`() {
        var machine = Machine(maxBody: 10)
        #expect(machine.received(8) == .keep)
        #expect(machine.restart() == true)
        #expect(machine.received(8) == .keep)
        #expect(machine.bodyEnded() == true)
        #expect(machine.restart() == false)
        #expect(machine.received(8) == .ignore)
    }

    @Test(arguments: [(200, MirroredRequest.Result.ok), (404, .ok), (499, .ok), (500, .error), (503, .error)])
    func `the status of the response decides the result`(status: Int, result: MirroredRequest.Result) {
        var machine = Machine(maxBody: 10)
        #expect(machine.bodyEnded() == true)
        machine.responseHead(status: status)
        #expect(machine.responseEnded() == result)
    }

    @Test func `a long response is cut off, with the result of its status`() {
        var machine = Machine(maxBody: 10)
        #expect(machine.bodyEnded() == true)
        machine.responseHead(status: 200)
        #expect(machine.responseBytes(Machine.longestResponse) == nil)
        #expect(machine.responseBytes(1) == .ok)
        #expect(machine.responseBytes(1) == nil)
        #expect(machine.responseEnded() == nil)
    }

    @Test(arguments: [(true, MirroredRequest.Result.timeout), (false, .error)])
    func `a failure ends the copy once`(isTimeout: Bool, result: MirroredRequest.Result) {
        var machine = Machine(maxBody: 10)
        #expect(machine.bodyEnded() == true)
        #expect(machine.failed(isTimeout: isTimeout) == result)
        #expect(machine.failed(isTimeout: isTimeout) == nil)
        machine.responseHead(status: 200)
        #expect(machine.responseEnded() == nil)
    }
}
