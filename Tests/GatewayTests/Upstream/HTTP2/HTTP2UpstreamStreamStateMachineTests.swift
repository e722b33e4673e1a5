import GatewayHTTP
import Testing

@testable import GatewayCore

@Suite struct HTTP2UpstreamStreamStateMachineTests {
    private typealias Machine = HTTP2UpstreamStream.StateMachine

    private func request(_ isIdempotent: Bool = true, kept: Bool = true, resends: Int = 0) -> Machine.Request {
        Machine.Request(isIdempotent: isIdempotent, isBodyKept: kept, resends: resends)
    }

    private func machine(reused: Bool = true, sent: Bool = true, _ framing: BodyFraming? = nil) -> Machine {
        var machine = Machine(isReused: reused)
        if sent { machine.sent() }
        if let framing {
            #expect(machine.head(UpstreamResponse(status: 200, framing: framing, keepAlive: true)) == .final)
        }
        return machine
    }

    @Test func `heads are told apart`() {
        var machine = self.machine()
        #expect(machine.head(UpstreamResponse(status: 103, framing: .none, keepAlive: true)) == .informational)
        #expect(machine.head(UpstreamResponse(status: 101, framing: .none, keepAlive: true)) == .unexpectedUpgrade)
        #expect(machine.mayBeSentAgain)
        #expect(machine.head(UpstreamResponse(status: 404, framing: .chunked, keepAlive: true)) == .final)
        #expect(machine.status == 404 && !machine.mayBeSentAgain)
    }

    @Test func `a body must have the length that the head declares`() {
        var machine = self.machine(.length(5))
        #expect(machine.data(3, endsStream: false) == .deliver)
        #expect(!machine.mayEnd)
        #expect(machine.data(2, endsStream: false) == .deliver)
        #expect(machine.mayEnd)
        #expect(machine.data(0, endsStream: true) == .deliver)
        #expect(machine.data(1, endsStream: false) != .deliver)
        var short = self.machine(.length(5))
        #expect(short.data(4, endsStream: true) != .deliver)
        var none = self.machine(BodyFraming.none)
        #expect(none.data(0, endsStream: true) == .deliver)
        #expect(none.data(1, endsStream: true) != .deliver)
        var early = self.machine()
        #expect(early.data(1, endsStream: false) != .deliver)
    }

    @Test(arguments: [true, false], [true, false])
    func `a refused request is sent again, whatever its method`(isIdempotent: Bool, isReused: Bool) {
        for resends in 0..<2 {
            var machine = self.machine(reused: isReused)
            let request = self.request(isIdempotent, resends: resends)
            #expect(machine.lost(.refused, request, hasAnswered: true) == .refused)
        }
        var third = self.machine()
        #expect(third.lost(.refused, self.request(resends: 2), hasAnswered: true) == .failed)
        var large = self.machine()
        #expect(large.lost(.refused, self.request(kept: false), hasAnswered: true) == .failed)
    }

    @Test func `the end of a kept connection lets a safe request be sent again`() {
        var get = self.machine()
        #expect(get.lost(.connectionLost, self.request(), hasAnswered: true) == .sendAgain)
        var post = self.machine()
        #expect(
            post.lost(.connectionLost, self.request(false), hasAnswered: true) == .reset(isFresh: false, mayMove: false)
        )
        var unsent = self.machine(reused: false, sent: false)
        #expect(unsent.lost(.connectionLost, self.request(false), hasAnswered: false) == .sendAgain)
        var fresh = self.machine(reused: false)
        #expect(fresh.lost(.connectionLost, self.request(), hasAnswered: false) == .reset(isFresh: true, mayMove: true))
    }

    @Test func `a reset stream says nothing about the endpoint`() {
        var machine = self.machine(reused: false)
        let result = machine.lost(.reset(isError: true), self.request(), hasAnswered: false)
        #expect(result == .reset(isFresh: false, mayMove: true))
    }

    @Test func `a whole response is whole, even if the stream is reset without an error`() {
        var whole = self.machine(.length(2))
        _ = whole.data(2, endsStream: false)
        #expect(whole.lost(.reset(isError: false), self.request(), hasAnswered: true) == .complete)
        var cut = self.machine(.length(2))
        _ = cut.data(1, endsStream: false)
        #expect(cut.lost(.reset(isError: false), self.request(), hasAnswered: true) == .failed)
        var unknown = self.machine(.chunked)
        #expect(unknown.lost(.reset(isError: false), self.request(), hasAnswered: true) == .failed)
        var lost = self.machine(.length(0))
        #expect(lost.lost(.connectionLost, self.request(), hasAnswered: true) == .failed)
    }
}
