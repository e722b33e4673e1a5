import NIOCore
import Testing

@testable import Gateway

struct HandoverStateMachineTests {
    typealias Machine = HandoverStateMachine

    enum Event: Sendable {
        case request
        case started
        case ready
        case end
        case time(seconds: Int64)
        case ownEnd
    }

    /// Events with their results, in order. The successor is process 8.
    struct Trace: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let steps: [(event: Event, result: String)]

        init(_ what: String, _ steps: (Event, String)...) {
            self.testDescription = what
            self.steps = steps.map { (event: $0.0, result: $0.1) }
        }
    }

    @Test(arguments: [
        Trace(
            "a successor that becomes ready",
            (.request, "start"),
            (.started, "()"),
            (.time(seconds: 29), "wait"),
            (.ready, "handOver"),
            (.time(seconds: 100), "wait"),
            (.ready, "ignore"),
            (.end, "ignore"),
            (.request, "refuse(process 8 has already taken over)"),
            (.ownEnd, "wait"),
            (.request, "refuse(process 8 has already taken over)")
        ),
        Trace(
            "a successor that ends",
            (.request, "start"),
            (.started, "()"),
            (.end, "fail(the new process exited with code 2 before it was ready)"),
            (.ready, "ignore"),
            (.time(seconds: 100), "wait"),
            (.request, "start")
        ),
        Trace(
            "a successor that does not become ready",
            (.request, "start"),
            (.started, "()"),
            (.time(seconds: 30), "terminate(8)"),
            (.ready, "ignore"),
            (.request, "refuse(a handover to process 8 is in progress)"),
            (.time(seconds: 34), "wait"),
            (.time(seconds: 35), "kill(8)"),
            (.end, "fail(the new process was not ready within 30 seconds)"),
            (.request, "start")
        ),
        Trace(
            "one at a time",
            (.request, "start"),
            (.started, "()"),
            (.request, "refuse(a handover to process 8 is in progress)"),
            (.ready, "handOver")
        ),
        Trace(
            "the gateway ends before its successor is ready",
            (.request, "start"),
            (.started, "()"),
            (.ownEnd, "terminate(8)"),
            (.ready, "ignore"),
            (.end, "ignore"),
            (.request, "refuse(the gateway is shutting down)")
        ),
        Trace("the gateway ends", (.ownEnd, "wait"), (.request, "refuse(the gateway is shutting down)")),
    ])
    func `traces`(_ trace: Trace) {
        var machine = Machine()
        for (index, step) in trace.steps.enumerated() {
            #expect(Self.send(step.event, to: &machine) == step.result, "step \(index): \(step.event)")
        }
    }

    private static func send(_ event: Event, to machine: inout Machine) -> String {
        switch event {
        case .request: "\(machine.requested(process: 7))"
        case .started: "\(machine.started(8, at: .uptimeNanoseconds(0)))"
        case .ready: "\(machine.successorReady())"
        case .end: "\(machine.successorEnded(.exit(code: 2)))"
        case .time(let seconds): "\(machine.timePassed(at: .uptimeNanoseconds(0) + .seconds(seconds)))"
        case .ownEnd: "\(machine.ownEnd())"
        }
    }

    @Test func `the first process of a container does not hand over`() {
        #expect(Machine().requested(process: 1) == .refuse(.isFirstProcess))
    }

    @Test(arguments: [
        (CInt(0), ProcessEnd.exit(code: 0)), (2 << 8, .exit(code: 2)), (255 << 8, .exit(code: 255)), (9, .signal(9)),
        (11 | 0x80, .signal(11)),
    ])
    func `how a process ended`(status: CInt, expected: ProcessEnd) {
        #expect(ProcessEnd(status: status) == expected)
    }
}
