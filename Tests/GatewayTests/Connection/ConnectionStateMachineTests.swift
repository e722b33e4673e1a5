import GatewayHTTP1
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP

struct ConnectionStateMachineTests {
    private typealias Machine = ConnectionStateMachine

    /// A machine that has received a head.
    private static func exchanging(
        _ framing: BodyFraming = .none,
        keepAlive: Bool = true,
        requests: Int = 100
    ) -> Machine {
        var machine = Machine(requestsPerConnection: requests)
        self.receive(framing, keepAlive: keepAlive, &machine)
        return machine
    }

    private static func receive(_ framing: BodyFraming = .none, keepAlive: Bool = true, _ machine: inout Machine) {
        _ = machine.receivedBytes()
        machine.receivedHead(framing, keepAlive: keepAlive)
    }

    @Test func `the deadline of a head starts at its first byte`() {
        var machine = Machine(requestsPerConnection: 1)
        #expect(machine.isBetweenRequests)
        #expect(machine.receivedBytes() == true)
        #expect(machine.receivedBytes() == false)
        #expect(machine.state == .receivingHead)
    }

    @Test func `a connection serves requests one after another`() {
        var machine = Machine(requestsPerConnection: 100)
        for framing in [BodyFraming.none, .length(3), .chunked, .none] {
            Self.receive(framing, &machine)
            #expect(!machine.closesAfterResponse)
            if !framing.isEmpty { #expect(machine.requestEnded(buffered: 0) == .wait) }
            #expect(machine.responseEnded(buffered: 0) == .nextRequest)
            #expect(machine.isBetweenRequests)
        }
    }

    @Test func `bytes after a request wait for its response`() {
        var machine = Self.exchanging()
        #expect(machine.receivedBytes() == false)
        machine.receivedHead(.chunked, keepAlive: false)
        #expect(machine.state == .exchanging(request: .ended, response: .open))
        #expect(!machine.closesAfterResponse)
    }

    @Test(arguments: [-1, 0, 1, 2, 5])
    func `the last request of a connection is marked as such`(requests: Int) {
        var machine = Machine(requestsPerConnection: requests)
        let count = max(1, requests)
        for number in 1...count {
            Self.receive(.none, &machine)
            #expect(machine.responseBegan(isStopping: false) == (number == count))
            #expect(machine.closesAfterResponse == (number == count))
            #expect(machine.responseEnded(buffered: 0) == (number == count ? .linger : .nextRequest))
        }
        #expect(machine.state == .closing)
    }

    @Test func `the connection closes after the response if the client does not keep it alive`() {
        var machine = Self.exchanging(keepAlive: false)
        #expect(machine.closesAfterResponse)
        #expect(machine.responseEnded(buffered: 0) == .close)
    }

    @Test func `the connection closes after a body that ends with it`() {
        var machine = Self.exchanging()
        machine.responseFramed(isUnbounded: true, isHTTP10: true)
        #expect(machine.responseEnded(buffered: 0) == .close)
    }

    @Test func `the connection lingers if the client may still send`() {
        var refused = Self.exchanging(.length(10))
        refused.closeAfterResponse()
        #expect(refused.responseEnded(buffered: 0) == .linger)
        var ended = Self.exchanging(.length(10))
        ended.closeAfterResponse()
        #expect(ended.requestEnded(buffered: 0) == .wait)
        #expect(ended.responseEnded(buffered: 0) == .linger)
        var closing = Self.exchanging(.length(10), keepAlive: false)
        #expect(closing.responseEnded(buffered: 0) == .linger)
    }

    @Test func `the rest of a body is read after an early response, and the connection is kept`() {
        var machine = Self.exchanging(.length(10))
        #expect(machine.responseEnded(buffered: 0) == .discard)
        #expect(machine.requestEnded(buffered: 0) == .nextRequest)
    }

    @Test func `the connection closes if the rest of a body does not arrive`() {
        var machine = Self.exchanging(.length(10))
        #expect(machine.responseEnded(buffered: 0) == .discard)
        #expect(machine.readDeadlineReached(unwritten: 1, hasUnreadInput: false) == .waitForWrite)
        #expect(machine.state == .discarding)
        #expect(machine.readDeadlineReached(unwritten: 0, hasUnreadInput: false) == .linger)
        #expect(machine.state == .closing)
        #expect(machine.requestEnded(buffered: 0) == .wait)
    }

    @Test func `a malformed request gets a response, and nothing more is read`() {
        for hasBegun in [false, true] {
            var machine = Machine(requestsPerConnection: 100)
            if hasBegun { _ = machine.receivedBytes() }
            machine.receivedMalformed()
            #expect(machine.closesAfterResponse)
            #expect(machine.state == .exchanging(request: .ended, response: .open))
            #expect(machine.responseEnded(buffered: 0) == .linger)
            #expect(machine.state == .closing)
            #expect(machine.receivedBytes() == false)
        }
    }

    @Test func `an invalid body ends its request`() {
        var machine = Self.exchanging(.chunked)
        machine.receivedMalformed()
        #expect(machine.state == .exchanging(request: .ended, response: .open))
        #expect(machine.responseEnded(buffered: 0) == .linger)
        var discarding = Self.exchanging(.chunked)
        _ = discarding.responseEnded(buffered: 0)
        discarding.receivedMalformed()
        #expect(discarding.state == .closing)
    }

    @Test func `a half-closed client gets the responses to its requests`() {
        var machine = Self.exchanging()
        machine.inputClosed()
        #expect(machine.inputEnded(buffered: 0) == .checkClient)
        #expect(machine.inputEnded(buffered: 0) == .wait)
        #expect(machine.closesAfterResponse)
        #expect(machine.responseEnded(buffered: 0) == .close)
        #expect(machine.state == .closing)
    }

    @Test func `an incomplete request of a half-closed client is dropped`() {
        var idle = Machine(requestsPerConnection: 100)
        var begun = idle
        _ = begun.receivedBytes()
        var answered = Self.exchanging(.chunked)
        _ = answered.responseEnded(buffered: 0)
        for machine in [idle, begun, answered] {
            var machine = machine
            machine.inputClosed()
            #expect(machine.inputEnded(buffered: 0) == .close)
            #expect(machine.state == .closing)
        }
        var open = Self.exchanging(.length(3))
        _ = open.bodyResumed()
        #expect(open.inputEnded(buffered: 0) == .cut)
        idle.closed()
        #expect(idle.inputEnded(buffered: 0) == .wait)
    }

    @Test func `handles the end of input after what was received before it`() {
        var paused = Self.exchanging(.length(3))
        #expect(paused.inputEnded(buffered: 3) == .wait)
        #expect(!paused.closesAfterResponse)
        var pipelined = Self.exchanging()
        #expect(pipelined.inputEnded(buffered: 20) == .checkClient)
        #expect(!pipelined.closesAfterResponse)
        var blocked = Machine(requestsPerConnection: 100)
        blocked.writabilityChanged(false)
        #expect(blocked.inputEnded(buffered: 20) == .wait)
        #expect(blocked.state == .idle)
    }

    @Test func `a rejected connection closes after the response`() {
        var machine = Machine(requestsPerConnection: 100)
        machine.refused()
        #expect(machine.closesAfterResponse)
        #expect(machine.responseEnded(buffered: 0) == .close)
    }

    @Test func `an idle connection gets one more response before it closes`() {
        var kept = Self.exchanging()
        _ = kept.responseEnded(buffered: 0)
        for machine in [Machine(requestsPerConnection: 100), kept] {
            var machine = machine
            #expect(machine.drain() == .afterNextRequest)
            #expect(machine.isBetweenRequests)
            #expect(machine.receivedBytes() == true)
            machine.receivedHead(.none, keepAlive: true)
            #expect(machine.responseBegan(isStopping: true) == true)
            #expect(machine.responseEnded(buffered: 0) == .linger)
        }
    }

    @Test func `a connection drains after the request in progress`() {
        var machine = Machine(requestsPerConnection: 100)
        _ = machine.receivedBytes()
        #expect(machine.drain() == .afterResponse)
        machine.receivedHead(.none, keepAlive: true)
        #expect(machine.responseBegan(isStopping: true) == true)
        #expect(machine.responseEnded(buffered: 0) == .linger)
    }

    @Test(arguments: [BodyFraming.none, .length(5)])
    func `a connection drains after a response that announces the close`(framing: BodyFraming) {
        var machine = Self.exchanging(framing)
        #expect(machine.drain() == .afterResponse)
        #expect(machine.responseBegan(isStopping: true) == true)
        #expect(machine.responseEnded(buffered: 0) == .linger)
    }

    @Test func `responses announce the close before the drain`() {
        var machine = Self.exchanging()
        #expect(machine.responseBegan(isStopping: true) == true)
        #expect(!machine.isDraining)
        #expect(machine.responseEnded(buffered: 0) == .linger)
    }

    @Test func `if the response in progress did not announce the close, one more request is answered`() {
        var machine = Self.exchanging()
        #expect(machine.responseBegan(isStopping: false) == false)
        #expect(machine.drain() == .afterResponse)
        #expect(machine.responseEnded(buffered: 0) == .nextRequest)
        Self.receive(.none, &machine)
        #expect(machine.responseBegan(isStopping: true) == true)
        #expect(machine.responseEnded(buffered: 0) == .linger)
    }

    @Test func `after a cancelled drain, only a response that announced the close closes the connection`() {
        var told = Self.exchanging()
        _ = told.drain()
        #expect(told.responseBegan(isStopping: false) == true)
        #expect(told.drainCancelled() == .wait)
        #expect(told.responseEnded(buffered: 0) == .linger)

        var kept = Self.exchanging()
        _ = kept.drain()
        #expect(kept.drainCancelled() == .wait)
        #expect(kept.responseBegan(isStopping: false) == false)
        #expect(kept.responseEnded(buffered: 0) == .nextRequest)
        #expect(!kept.isDraining)
    }

    @Test func `the rest of a body is read before one more request is answered`() {
        var machine = Self.exchanging(.length(5))
        _ = machine.responseBegan(isStopping: false)
        #expect(machine.responseEnded(buffered: 0) == .discard)
        #expect(machine.drain() == .afterResponse)
        #expect(machine.requestEnded(buffered: 0) == .nextRequest)
    }

    @Test func `a closed connection does nothing`() {
        var machine = Self.exchanging(.length(5))
        machine.closed()
        #expect(machine.drain() == .afterResponse)
        #expect(machine.requestEnded(buffered: 0) == .wait)
        #expect(machine.responseEnded(buffered: 0) == .wait)
        machine.receivedMalformed()
        #expect(machine.receivedBytes() == false)
        #expect(machine.state == .closed)
    }
}
