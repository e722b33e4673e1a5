import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP

/// Each event in each state: the state that follows, and what the connection is told to do.
struct ConnectionStateMachineTraceTests {
    typealias Machine = ConnectionStateMachine

    enum Event {
        case bytes
        case head(BodyFraming)
        case malformed
        case requestEnded
        case responseEnded
        case inputEnded(buffered: Int)
        case readDeadline(unwritten: Int)
        case switchedProtocols
        case drain
        case drainCancelled
        case closed
    }

    struct Trace: Sendable, CustomTestStringConvertible {
        let before: Machine.State
        let event: Event
        let result: String
        let after: Machine.State
        var testDescription: String { "\(self.before): \(self.event)" }

        init(_ before: Machine.State, _ event: Event, _ result: String, _ after: Machine.State) {
            self.before = before
            self.event = event
            self.result = result
            self.after = after
        }
    }

    private static let receiving = Machine.State.exchanging(request: .open, response: .open)
    private static let answering = Machine.State.exchanging(request: .ended, response: .open)
    private static let tunnel = Machine.State.tunnel(input: .open)

    @Test(arguments: [
        Trace(.idle, .bytes, "true", .receivingHead),
        Trace(.idle, .head(.none), "()", .idle),
        Trace(.idle, .malformed, "()", answering),
        Trace(.idle, .requestEnded, "wait", .idle),
        Trace(.idle, .responseEnded, "wait", .idle),
        Trace(.idle, .inputEnded(buffered: 0), "close", .closing),
        Trace(.idle, .readDeadline(unwritten: 0), "close", .idle),
        Trace(.idle, .readDeadline(unwritten: 1), "waitForWrite", .idle),
        Trace(.idle, .switchedProtocols, "refuse", .idle),
        Trace(.idle, .drain, "afterNextRequest", .idle),
        Trace(.idle, .drainCancelled, "waitForRequest", .idle),
        Trace(.idle, .closed, "()", .closed),

        Trace(.receivingHead, .bytes, "false", .receivingHead),
        Trace(.receivingHead, .head(.none), "()", answering),
        Trace(.receivingHead, .head(.chunked), "()", receiving),
        Trace(.receivingHead, .head(.length(3)), "()", receiving),
        Trace(.receivingHead, .malformed, "()", answering),
        Trace(.receivingHead, .requestEnded, "wait", .receivingHead),
        Trace(.receivingHead, .responseEnded, "wait", .receivingHead),
        Trace(.receivingHead, .inputEnded(buffered: 9), "close", .closing),
        Trace(.receivingHead, .readDeadline(unwritten: 0), "refuseHead", .receivingHead),
        Trace(.receivingHead, .switchedProtocols, "refuse", .receivingHead),
        Trace(.receivingHead, .drain, "afterResponse", .receivingHead),
        Trace(.receivingHead, .drainCancelled, "wait", .receivingHead),
        Trace(.receivingHead, .closed, "()", .closed),

        Trace(receiving, .bytes, "false", receiving),
        Trace(receiving, .head(.none), "()", receiving),
        Trace(receiving, .malformed, "()", answering),
        Trace(receiving, .requestEnded, "wait", answering),
        Trace(receiving, .responseEnded, "discard", .discarding),
        Trace(receiving, .inputEnded(buffered: 0), "wait", receiving),
        Trace(receiving, .readDeadline(unwritten: 0), "refuseBody", answering),
        Trace(receiving, .switchedProtocols, "refuse", receiving),
        Trace(receiving, .drain, "afterResponse", receiving),
        Trace(receiving, .drainCancelled, "wait", receiving),
        Trace(receiving, .closed, "()", .closed),

        Trace(answering, .bytes, "false", answering),
        Trace(answering, .head(.none), "()", answering),
        Trace(answering, .malformed, "()", answering),
        Trace(answering, .requestEnded, "wait", answering),
        Trace(answering, .responseEnded, "nextRequest", .idle),
        Trace(answering, .inputEnded(buffered: 0), "checkClient", answering),
        Trace(answering, .readDeadline(unwritten: 0), "close", answering),
        Trace(answering, .readDeadline(unwritten: 1), "waitForWrite", answering),
        Trace(answering, .switchedProtocols, "tunnel", tunnel),
        Trace(answering, .drain, "afterResponse", answering),
        Trace(answering, .drainCancelled, "wait", answering),
        Trace(answering, .closed, "()", .closed),

        Trace(.discarding, .bytes, "false", .discarding),
        Trace(.discarding, .head(.none), "()", .discarding),
        Trace(.discarding, .malformed, "()", .closing),
        Trace(.discarding, .requestEnded, "nextRequest", .idle),
        Trace(.discarding, .responseEnded, "wait", .discarding),
        Trace(.discarding, .inputEnded(buffered: 9), "close", .closing),
        Trace(.discarding, .readDeadline(unwritten: 0), "linger", .closing),
        Trace(.discarding, .readDeadline(unwritten: 1), "waitForWrite", .discarding),
        Trace(.discarding, .switchedProtocols, "refuse", .discarding),
        Trace(.discarding, .drain, "afterResponse", .discarding),
        Trace(.discarding, .drainCancelled, "wait", .discarding),
        Trace(.discarding, .closed, "()", .closed),

        Trace(tunnel, .bytes, "false", tunnel),
        Trace(tunnel, .head(.none), "()", tunnel),
        Trace(tunnel, .malformed, "()", tunnel),
        Trace(tunnel, .requestEnded, "wait", tunnel),
        Trace(tunnel, .responseEnded, "linger", .closing),
        Trace(tunnel, .inputEnded(buffered: 0), "endTunnel", .tunnel(input: .ended)),
        Trace(tunnel, .inputEnded(buffered: 9), "wait", tunnel),
        Trace(tunnel, .switchedProtocols, "refuse", tunnel),
        Trace(tunnel, .drain, "afterResponse", tunnel),
        Trace(tunnel, .drainCancelled, "wait", tunnel),
        Trace(tunnel, .closed, "()", .closed),

        Trace(.closing, .bytes, "false", .closing),
        Trace(.closing, .head(.none), "()", .closing),
        Trace(.closing, .malformed, "()", .closing),
        Trace(.closing, .requestEnded, "wait", .closing),
        Trace(.closing, .responseEnded, "wait", .closing),
        Trace(.closing, .inputEnded(buffered: 9), "wait", .closing),
        Trace(.closing, .readDeadline(unwritten: 0), "close", .closing),
        Trace(.closing, .readDeadline(unwritten: 1), "waitForWrite", .closing),
        Trace(.closing, .switchedProtocols, "refuse", .closing),
        Trace(.closing, .drain, "afterResponse", .closing),
        Trace(.closing, .drainCancelled, "wait", .closing),
        Trace(.closing, .closed, "()", .closed),

        Trace(.closed, .bytes, "false", .closed),
        Trace(.closed, .head(.none), "()", .closed),
        Trace(.closed, .malformed, "()", .closed),
        Trace(.closed, .requestEnded, "wait", .closed),
        Trace(.closed, .responseEnded, "wait", .closed),
        Trace(.closed, .inputEnded(buffered: 9), "wait", .closed),
        Trace(.closed, .switchedProtocols, "refuse", .closed),
        Trace(.closed, .drain, "afterResponse", .closed),
        Trace(.closed, .drainCancelled, "wait", .closed),
    ])
    func `every event has its result`(trace: Trace) {
        var machine = Self.machine(in: trace.before)
        #expect(machine.state == trace.before)
        #expect(Self.send(trace.event, to: &machine) == trace.result)
        #expect(machine.state == trace.after)
    }

    /// What is done with ten bytes at hand, and whether the socket is read.
    @Test(
        arguments: [
            (.idle, .readHead, true), (.receivingHead, .readHead, true), (receiving, .wait, true),
            (answering, .wait, true),
            (.discarding, .discardBody, true), (tunnel, .wait, true), (.closing, .dropInput, true),
            (.closed, .dropInput, true),
        ] as [(Machine.State, Machine.Step, Bool)]
    )
    func `every state has its step`(state: Machine.State, step: Machine.Step, reads: Bool) {
        var machine = Self.machine(in: state)
        #expect(machine.nextStep(buffered: 10) == step)
        _ = machine.resumesReading(buffered: 10, limit: 100)
        #expect(machine.isReading == reads)
    }

    @Test func `reads a body only while it is wanted`() {
        var machine = Self.machine(in: Self.receiving)
        #expect(machine.nextStep(buffered: 10) == .wait)
        #expect(machine.bodyResumed() == .changed)
        #expect(machine.bodyResumed() == .unchanged)
        #expect(machine.nextStep(buffered: 10) == .readBody)
        #expect(machine.bodyPaused() == .changed)
        #expect(machine.bodyPaused() == .unchanged)
        #expect(machine.nextStep(buffered: 10) == .wait)
    }

    @Test func `stops reading ahead at the limit, and resumes below it`() {
        var machine = Self.machine(in: Self.answering)
        #expect(machine.resumesReading(buffered: 100, limit: 100) == false)
        #expect(!machine.isReading)
        #expect(machine.resumesReading(buffered: 99, limit: 100) == true)
        #expect(machine.resumesReading(buffered: 99, limit: 100) == false)
        #expect(machine.isReading)
    }

    @Test func `reads no request of a client that does not read its responses`() {
        var machine = Self.machine(in: .idle)
        machine.writabilityChanged(false)
        #expect(machine.nextStep(buffered: 10) == .wait)
        machine.writabilityChanged(true)
        #expect(machine.nextStep(buffered: 10) == .readHead)
        var receiving = Self.machine(in: .receivingHead)
        receiving.writabilityChanged(false)
        #expect(receiving.readDeadlineReached(unwritten: 9, hasUnreadInput: false) == .waitForHead)
    }

    @Test func `collects what is flushed during a pass`() {
        var machine = Self.machine(in: .idle)
        #expect(machine.flushRequested() == .now)
        #expect(machine.passBegan() == true)
        #expect(machine.passBegan() == false)
        #expect(machine.flushRequested() == .afterPass)
        #expect(machine.passEnded() == true)
        machine.flushed()
        #expect(machine.passBegan() == true)
        #expect(machine.passEnded() == false)
    }

    @Test func `flushes a body upstream at the end of the reads`() {
        var machine = Self.machine(in: Self.receiving)
        machine.readPassBegan()
        #expect(!machine.flushesUpstream)
        machine.readPassEnded()
        #expect(machine.flushesUpstream)
        #expect(!Self.machine(in: Self.answering).flushesUpstream)
    }

    @Test func `waits for a request that the system holds already`() {
        var machine = Self.machine(in: .idle)
        #expect(machine.readDeadlineReached(unwritten: 0, hasUnreadInput: true) == .waitForInput)
    }

    @Test func `checks a client that has closed its input instead of closing`() {
        var machine = Self.machine(in: Self.answering)
        machine.inputClosed()
        #expect(machine.readDeadlineReached(unwritten: 0, hasUnreadInput: false) == .checkClient)
    }

    @Test func `lingers over input that has not been read`() {
        for isInputClosed in [false, true] {
            var machine = Machine(requestsPerConnection: 100)
            _ = machine.receivedBytes()
            machine.receivedHead(.none, keepAlive: false)
            if isInputClosed { machine.inputClosed() }
            #expect(machine.responseEnded(buffered: 5) == (isInputClosed ? .close : .linger))
        }
    }

    @Test(
        arguments: [
            (false, false, false, false), (false, true, false, false), (true, false, true, false),
            (true, true, false, true),
        ] as [(Bool, Bool, Bool, Bool)]
    )
    func `frames a body that has no length`(isUnbounded: Bool, isHTTP10: Bool, isChunked: Bool, closes: Bool) {
        var machine = Self.machine(in: Self.answering)
        machine.responseFramed(isUnbounded: isUnbounded, isHTTP10: isHTTP10)
        #expect(machine.isChunked == isChunked)
        #expect(machine.closesAfterResponse == closes)
        #expect(machine.responseBodyEnded() == isChunked)
        #expect(machine.responseBodyEnded() == false)
    }

    @Test func `is counted until it is released`() {
        var machine = Machine(requestsPerConnection: 1)
        #expect(machine.isCounted)
        #expect(machine.release() == true)
        #expect(!machine.isCounted)
        #expect(machine.release() == false)
        #expect(!Machine(requestsPerConnection: 1, isAdmitted: false).isCounted)
    }

    private static func machine(in state: Machine.State) -> Machine {
        var machine = Machine(requestsPerConnection: 100)
        if state == .idle { return machine }
        _ = machine.receivedBytes()
        if state == .receivingHead { return machine }
        let isOpen = state == self.receiving || state == .discarding
        machine.receivedHead(isOpen ? .chunked : .none, keepAlive: true)
        switch state {
        case .discarding: _ = machine.responseEnded(buffered: 0)
        case .tunnel: _ = machine.switchedProtocols()
        case .closing:
            machine.closeAfterResponse()
            _ = machine.responseEnded(buffered: 0)
        case .closed: machine.closed()
        case .idle, .receivingHead, .exchanging: break
        }
        return machine
    }

    private static func send(_ event: Event, to machine: inout Machine) -> String {
        switch event {
        case .bytes: "\(machine.receivedBytes())"
        case .head(let framing): "\(machine.receivedHead(framing, keepAlive: true))"
        case .malformed: "\(machine.receivedMalformed())"
        case .requestEnded: "\(machine.requestEnded(buffered: 0))"
        case .responseEnded: "\(machine.responseEnded(buffered: 0))"
        case .inputEnded(let buffered): "\(machine.inputEnded(buffered: buffered))"
        case .readDeadline(let unwritten):
            "\(machine.readDeadlineReached(unwritten: unwritten, hasUnreadInput: false))"
        case .switchedProtocols: "\(machine.switchedProtocols())"
        case .drain: "\(machine.drain())"
        case .drainCancelled: "\(machine.drainCancelled())"
        case .closed: "\(machine.closed())"
        }
    }
}
