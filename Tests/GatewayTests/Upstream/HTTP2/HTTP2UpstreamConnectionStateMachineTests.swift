import NIOCore
import Testing

@testable import GatewayCore

@Suite struct HTTP2UpstreamConnectionStateMachineTests {
    private typealias Machine = HTTP2UpstreamConnection.StateMachine

    private func time(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(seconds) }

    private func open(_ settings: Machine.Settings = Machine.Settings(), allowing streams: Int? = nil) -> Machine {
        var machine = Machine(settings: settings, now: self.time(0))
        #expect(!machine.hasRoom)
        #expect(machine.settings(maxStreams: streams) == .opened)
        return machine
    }

    private func send(_ machine: inout Machine, at seconds: Int64 = 0) -> Machine.OnHead? {
        machine.open()
        return machine.sendHead(at: self.time(seconds), pingTimeout: .seconds(2))
    }

    @Test func `streams have odd numbers in order`() {
        var machine = self.open()
        #expect((0..<3).compactMap { _ in self.send(&machine)?.stream } == [1, 3, 5])
    }

    @Test(arguments: [(10, nil, 10), (10, 3, 3), (10, 30, 10), (1_000, nil, 1_000)] as [(Int, Int?, Int)])
    func `the settings and the peer limit the streams`(own: Int, allowed: Int?, limit: Int) {
        var machine = self.open(Machine.Settings(maxStreams: own), allowing: allowed)
        for _ in 0..<limit {
            #expect(machine.hasRoom)
            _ = self.send(&machine)
        }
        #expect(!machine.hasRoom)
        #expect(machine.streamEnded() == .keep || limit == 1)
        #expect(machine.hasRoom)
    }

    @Test func `a peer that allows no stream is waited for`() {
        var machine = Machine(settings: Machine.Settings(), now: self.time(0))
        #expect(machine.settings(maxStreams: 0) == .changed)
        #expect(machine.settings(maxStreams: 1) == .opened)
        #expect(machine.settings(maxStreams: 0) == .changed)
        #expect(!machine.hasRoom && !machine.isReusable)
    }

    @Test func `a draining connection takes no stream and closes with the last one`() {
        var machine = self.open()
        _ = self.send(&machine)
        #expect(machine.drain() == .wait)
        #expect(!machine.hasRoom && !machine.isReusable)
        #expect(machine.drain() == .ignore)
        #expect(machine.streamEnded() == .release)
        var idle = self.open()
        #expect(idle.drain() == .close)
    }

    @Test func `after ten seconds of silence a request asks whether the peer is there`() {
        var machine = self.open()
        #expect(self.send(&machine, at: 9)?.pings == false)
        #expect(self.send(&machine, at: 10)?.pings == true)
        #expect(self.send(&machine, at: 11)?.pings == false)
        #expect(machine.nextDeadline == self.time(12))
        #expect(machine.timeReached(at: self.time(11), pingTimeout: .seconds(2)) == .none)
        #expect(machine.timeReached(at: self.time(12), pingTimeout: .seconds(2)) == .dead)
    }

    @Test func `anything that arrives answers a PING`() {
        var machine = self.open()
        _ = self.send(&machine, at: 20)
        machine.received(at: self.time(21))
        #expect(machine.nextDeadline == .distantFuture)
        #expect(machine.timeReached(at: self.time(30), pingTimeout: .seconds(2)) == .none)
    }

    @Test func `with keepalive_ping silence is asked about while a stream is open`() {
        var machine = self.open(Machine.Settings(keepAlivePing: .seconds(5)))
        #expect(machine.nextDeadline == .distantFuture)
        _ = self.send(&machine, at: 1)
        #expect(machine.nextDeadline == self.time(5))
        machine.received(at: self.time(3))
        #expect(machine.timeReached(at: self.time(5), pingTimeout: .seconds(2)) == .none)
        #expect(machine.timeReached(at: self.time(8), pingTimeout: .seconds(2)) == .ping)
        #expect(machine.timeReached(at: self.time(10), pingTimeout: .seconds(2)) == .dead)
    }
}
