import GatewayHTTP1
import Testing

@testable import Gateway

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

    @Test func `the deadline of a head begins with its first byte`() {
        var machine = Machine(requestsPerConnection: 1)
        #expect(machine.isBetweenRequests)
        #expect(machine.receivedBytes() == true)
        #expect(machine.receivedBytes() == false)
        #expect(machine.state == .receivingHead)
    }

    @Test func `requests follow each other on one connection`() {
        var machine = Machine(requestsPerConnection: 100)
        for framing in [BodyFraming.none, .length(3), .chunked, .none] {
            Self.receive(framing, &machine)
            #expect(!machine.closesAfterResponse)
            if !framing.isEmpty { #expect(machine.requestEnded() == .wait) }
            #expect(machine.responseEnded() == .nextRequest)
            #expect(machine.isBetweenRequests)
        }
    }

    @Test func `bytes behind a request wait for its answer`() {
        var machine = Self.exchanging()
        #expect(machine.receivedBytes() == false)
        machine.receivedHead(.chunked, keepAlive: false)
        #expect(machine.state == .exchanging(request: .ended, response: .open))
        #expect(!machine.closesAfterResponse)
    }

    @Test(arguments: [-1, 0, 1, 2, 5])
    func `the last request of a connection is told so`(requests: Int) {
        var machine = Machine(requestsPerConnection: requests)
        let count = max(1, requests)
        for number in 1...count {
            Self.receive(.none, &machine)
            #expect(machine.responseBegan(isStopping: false) == (number == count))
            #expect(machine.closesAfterResponse == (number == count))
            #expect(machine.responseEnded() == (number == count ? .linger : .nextRequest))
        }
        #expect(machine.state == .closing)
    }

    @Test func `closes behind the answer where the client does not keep the connection alive`() {
        var machine = Self.exchanging(keepAlive: false)
        #expect(machine.closesAfterResponse)
        #expect(machine.responseEnded() == .close)
    }

    @Test func `closes behind a body that ends with the connection`() {
        var machine = Self.exchanging()
        machine.closeAfterBody()
        #expect(machine.responseEnded() == .close)
    }

    @Test func `lingers where the client may still send`() {
        var refused = Self.exchanging(.length(10))
        refused.closeAfterResponse()
        #expect(refused.responseEnded() == .linger)
        var ended = Self.exchanging(.length(10))
        ended.closeAfterResponse()
        #expect(ended.requestEnded() == .wait)
        #expect(ended.responseEnded() == .linger)
        var closing = Self.exchanging(.length(10), keepAlive: false)
        #expect(closing.responseEnded() == .linger)
    }

    @Test func `reads the rest of a body that was answered early, and goes on`() {
        var machine = Self.exchanging(.length(10))
        #expect(machine.responseEnded() == .discard)
        #expect(machine.requestEnded() == .nextRequest)
    }

    @Test func `gives up on the rest of a body that does not come`() {
        var machine = Self.exchanging(.length(10))
        machine.gaveUpDiscarding()
        #expect(machine.state == .exchanging(request: .open, response: .open))
        #expect(machine.responseEnded() == .discard)
        machine.gaveUpDiscarding()
        #expect(machine.state == .closing)
        #expect(machine.requestEnded() == .wait)
    }

    @Test func `what is no request is answered, and nothing more is read`() {
        for hasBegun in [false, true] {
            var machine = Machine(requestsPerConnection: 100)
            if hasBegun { _ = machine.receivedBytes() }
            machine.receivedMalformed()
            #expect(machine.closesAfterResponse)
            #expect(machine.state == .exchanging(request: .ended, response: .open))
            #expect(machine.responseEnded() == .linger)
            #expect(machine.state == .closing)
            #expect(machine.receivedBytes() == false)
        }
    }

    @Test func `a body that breaks ends its request`() {
        var machine = Self.exchanging(.chunked)
        machine.receivedMalformed()
        #expect(machine.state == .exchanging(request: .ended, response: .open))
        #expect(machine.responseEnded() == .linger)
        var discarding = Self.exchanging(.chunked)
        _ = discarding.responseEnded()
        discarding.receivedMalformed()
        #expect(discarding.state == .closing)
    }

    @Test func `a client that sends nothing more is answered what it has asked`() {
        var machine = Self.exchanging()
        #expect(machine.inputClosed() == .afterResponse)
        #expect(machine.closesAfterResponse)
        #expect(machine.responseEnded() == .close)
        #expect(machine.state == .closing)
    }

    @Test func `a client that sends nothing more has asked nothing with half a request`() {
        var idle = Machine(requestsPerConnection: 100)
        var begun = idle
        _ = begun.receivedBytes()
        var answered = Self.exchanging(.chunked)
        _ = answered.responseEnded()
        for machine in [idle, begun, answered] {
            var machine = machine
            #expect(machine.inputClosed() == .close)
            #expect(machine.state == .closing)
        }
        var open = Self.exchanging(.length(3))
        #expect(open.inputClosed() == .cut)
        idle.closed()
        #expect(idle.inputClosed() == .afterResponse)
    }

    @Test func `a connection that is refused is closed behind the answer`() {
        var machine = Machine(requestsPerConnection: 100)
        machine.refused()
        #expect(machine.closesAfterResponse)
        #expect(machine.responseEnded() == .close)
    }

    @Test func `answers one more request on an idle connection before it closes`() {
        var kept = Self.exchanging()
        _ = kept.responseEnded()
        for machine in [Machine(requestsPerConnection: 100), kept] {
            var machine = machine
            #expect(machine.drain() == .afterNextRequest)
            #expect(machine.isBetweenRequests)
            #expect(machine.receivedBytes() == true)
            machine.receivedHead(.none, keepAlive: true)
            #expect(machine.responseBegan(isStopping: true) == true)
            #expect(machine.responseEnded() == .linger)
        }
    }

    @Test func `drains a connection after the request that has begun`() {
        var machine = Machine(requestsPerConnection: 100)
        _ = machine.receivedBytes()
        #expect(machine.drain() == .afterResponse)
        machine.receivedHead(.none, keepAlive: true)
        #expect(machine.responseBegan(isStopping: true) == true)
        #expect(machine.responseEnded() == .linger)
    }

    @Test(arguments: [BodyFraming.none, .length(5)])
    func `drains a connection after an answer that says so`(framing: BodyFraming) {
        var machine = Self.exchanging(framing)
        #expect(machine.drain() == .afterResponse)
        #expect(machine.responseBegan(isStopping: true) == true)
        #expect(machine.responseEnded() == .linger)
    }

    @Test func `says that it closes before it drains, when the gateway is about to`() {
        var machine = Self.exchanging()
        #expect(machine.responseBegan(isStopping: true) == true)
        #expect(!machine.isDraining)
        #expect(machine.responseEnded() == .linger)
    }

    @Test func `answers one more request where the answer under way did not say that it is the last`() {
        var machine = Self.exchanging()
        #expect(machine.responseBegan(isStopping: false) == false)
        #expect(machine.drain() == .afterResponse)
        #expect(machine.responseEnded() == .nextRequest)
        Self.receive(.none, &machine)
        #expect(machine.responseBegan(isStopping: true) == true)
        #expect(machine.responseEnded() == .linger)
    }

    @Test func `reads the rest of a body before it answers one more request`() {
        var machine = Self.exchanging(.length(5))
        _ = machine.responseBegan(isStopping: false)
        #expect(machine.responseEnded() == .discard)
        #expect(machine.drain() == .afterResponse)
        #expect(machine.requestEnded() == .nextRequest)
    }

    @Test func `does nothing any more once closed`() {
        var machine = Self.exchanging(.length(5))
        machine.closed()
        #expect(machine.drain() == .afterResponse)
        #expect(machine.requestEnded() == .wait)
        #expect(machine.responseEnded() == .wait)
        machine.receivedMalformed()
        #expect(machine.receivedBytes() == false)
        #expect(machine.state == .closed)
    }
}
