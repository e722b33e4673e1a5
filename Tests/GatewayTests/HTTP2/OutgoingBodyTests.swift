import NIOCore
import Testing

@testable import GatewayHTTP2

@Suite struct OutgoingBodyTests {
    private func bytes(_ count: Int) -> ByteBuffer { ByteBuffer(repeating: 1, count: count) }

    @Test func `a window and the size of a frame limit what is sent`() {
        var body = OutgoingBody(window: 25)
        body.append(self.bytes(20))
        body.append(self.bytes(20))
        #expect((0..<4).map { _ in body.next(limit: 10)?.readableBytes } == [10, 10, 5, nil])
        #expect(body.count == 15 && body.window == 0 && !body.canSend)
        let isAllowed = body.widen(by: 100)
        #expect(isAllowed && body.canSend)
        #expect(body.next(limit: 100)?.readableBytes == 15)
        #expect(!body.canSend)
    }

    @Test func `smaller settings may make a window negative`() {
        var body = OutgoingBody(window: 10)
        body.append(self.bytes(20))
        _ = body.next(limit: 10)
        let isNarrowed = body.widen(by: -5)
        #expect(isNarrowed && body.window == -5 && body.next(limit: 10) == nil)
        let isWidened = body.widen(by: 6)
        #expect(isWidened && body.next(limit: 10)?.readableBytes == 1)
    }

    @Test func `a window has 31 bits`() {
        var body = OutgoingBody(window: FlowWindow.initial)
        let fits = body.widen(by: FlowWindow.maximum - FlowWindow.initial)
        let exceeds = body.widen(by: 1)
        #expect(fits && !exceeds && body.window == FlowWindow.maximum)
    }
}
