import GatewayWebSocket
import NIOCore
import Testing

@Suite struct WebSocketTunnelTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private static func tunnel(policy: WebSocketTunnel.Policy? = nil, idle: TimeAmount? = nil) -> WebSocketTunnel {
        WebSocketTunnel(policy: policy, extensions: WebSocketExtensions(), idle: idle, pingToken: 1, at: self.start)
    }

    private static let policy = WebSocketTunnel.Policy(
        maxMessage: 100,
        pingInterval: .seconds(30),
        idleTimeout: .seconds(120)
    )

    @Test func `a closing handshake of the two ends passes, and then they have five seconds`() {
        var tunnel = Self.tunnel()
        #expect(Self.send([0x88, 0x82, 0, 0, 0, 0, 3, 0xE8], from: .client, to: &tunnel).count == 1)
        #expect(tunnel.closeCode == 1000)
        #expect(tunnel.nextDeadline == .distantFuture)
        #expect(Self.send([0x88, 2, 3, 0xE8], from: .upstream, to: &tunnel).last == .closed)
        #expect(tunnel.nextDeadline == Self.start + .seconds(5))
        #expect(tunnel.deadlineReached(at: Self.start + .seconds(5)) == .closeTimedOut)
        #expect(tunnel.inputEnded(from: .upstream, at: Self.start) == .finish)
    }

    @Test func `who breaks off cuts the other, unless a close frame came first`() {
        for side in WebSocketTunnel.Side.allCases {
            var tunnel = Self.tunnel()
            #expect(tunnel.inputEnded(from: side, at: Self.start) == .cut)
            #expect(tunnel.closeCode == nil)
        }
        var tunnel = Self.tunnel()
        _ = Self.send([0x88, 0x80, 0, 0, 0, 0], from: .client, to: &tunnel)
        #expect(tunnel.inputEnded(from: .client, at: Self.start) == .passOn)
        tunnel = Self.tunnel()
        _ = Self.send([0x88, 0], from: .upstream, to: &tunnel)
        #expect(tunnel.inputEnded(from: .upstream, at: Self.start) == .finish)
    }

    @Test func `the gateway's close waits for the end of a frame, and nothing follows it`() {
        var tunnel = Self.tunnel()
        _ = Self.send([0x82, 4, 1, 2], from: .upstream, to: &tunnel)
        tunnel.beginClose(1001, within: nil, at: Self.start)
        #expect(tunnel.close(1001, to: .client) == .wait)
        #expect(tunnel.close(1001, to: .upstream) == .send)
        #expect(tunnel.close(1001, to: .upstream) == .done)
        #expect(tunnel.nextDeadline == .distantFuture)
        let rest = Self.send([3, 4, 0x82, 1, 9], from: .upstream, to: &tunnel)
        #expect(rest == [.write(ByteBuffer(bytes: [3, 4])), .insert(.close(1001))])
        #expect(Self.send([0x82, 0x81, 0, 0, 0, 0, 1], from: .client, to: &tunnel).isEmpty)
        #expect(!tunnel.areBothClosed)
        _ = Self.send([0x88, 0x82, 0, 0, 0, 0, 3, 0xE9], from: .client, to: &tunnel)
        #expect(Self.send([0x88, 2, 3, 0xE9], from: .upstream, to: &tunnel) == [.closed])
        #expect(tunnel.areBothClosed)
        #expect(tunnel.closeCode == 1001)
    }

    @Test func `pings go to both sides, between frames`() {
        var tunnel = Self.tunnel(policy: Self.policy)
        _ = Self.send([0x82, 2, 1], from: .upstream, to: &tunnel)
        let time = Self.start + .seconds(30)
        #expect(tunnel.nextDeadline == time)
        #expect(tunnel.deadlineReached(at: time) == .ping)
        #expect(tunnel.ping(.upstream) == .ping(1))
        #expect(tunnel.ping(.client) == nil)
        let rest = Self.send([2], from: .upstream, to: &tunnel)
        #expect(rest == [.write(ByteBuffer(bytes: [2])), .insert(.ping(1))])
        #expect(tunnel.nextDeadline == time + .seconds(30))
    }

    @Test func `a side that sends nothing is gone`() {
        var tunnel = Self.tunnel(policy: Self.policy)
        tunnel.received(from: .client, at: Self.start + .seconds(90))
        #expect(tunnel.deadlineReached(at: Self.start + .seconds(120)) == .gone(.upstream))
        tunnel.beginClose(1001, within: .seconds(5), at: Self.start + .seconds(120))
        #expect(tunnel.nextDeadline == Self.start + .seconds(125))
    }

    @Test func `a side that could not be pinged is not gone`() {
        var tunnel = Self.tunnel(policy: Self.policy)
        _ = Self.send([0x82, 0x83, 0, 0, 0, 0, 1], from: .client, to: &tunnel)
        #expect(tunnel.deadlineReached(at: Self.start + .seconds(30)) == .ping)
        #expect(tunnel.ping(.upstream) == nil)
        tunnel.received(from: .client, at: Self.start + .seconds(119))
        #expect(tunnel.deadlineReached(at: Self.start + .seconds(120)) == .ping)
        #expect(tunnel.nextDeadline == Self.start + .seconds(150))
        var rest = ByteBuffer(bytes: [2, 3])
        let later = Self.start + .seconds(130)
        #expect(tunnel.next(&rest, from: .client, at: later) == .write(ByteBuffer(bytes: [2, 3])))
        #expect(tunnel.next(&rest, from: .client, at: later) == .insert(.ping(1)))
        tunnel.received(from: .client, at: Self.start + .seconds(240))
        #expect(tunnel.deadlineReached(at: later + .seconds(120)) == .gone(.upstream))
    }

    @Test func `without a policy, only the idle time of the route ends a silent WebSocket`() {
        var tunnel = Self.tunnel(idle: .seconds(60))
        tunnel.received(from: .upstream, at: Self.start + .seconds(10))
        #expect(tunnel.nextDeadline == Self.start + .seconds(70))
        #expect(tunnel.deadlineReached(at: Self.start + .seconds(69)) == .none)
        #expect(tunnel.deadlineReached(at: Self.start + .seconds(70)) == .idle)
        #expect(Self.tunnel().nextDeadline == .distantFuture)
    }

    @Test func `a violation is reported with its code`() {
        var tunnel = Self.tunnel(policy: Self.policy)
        #expect(Self.send([0x81, 1, 0x41], from: .client, to: &tunnel) == [.violation(1002)])
        #expect(Self.send([0x82, 0x7E, 1, 0], from: .upstream, to: &tunnel) == [.violation(1009)])
    }

    private static func send(
        _ bytes: [UInt8],
        from side: WebSocketTunnel.Side,
        to tunnel: inout WebSocketTunnel
    ) -> [WebSocketTunnel.OnBytes] {
        var chunk = ByteBuffer(bytes: bytes)
        var actions: [WebSocketTunnel.OnBytes] = []
        while let action = tunnel.next(&chunk, from: side, at: Self.start) { actions.append(action) }
        return actions
    }
}
