package import GatewayWebSocket

/// The upgrade of an exchange to a WebSocket, from the request that asks for it until the exchange ends.
package final class WebSocketUpgrade {
    /// The `Sec-WebSocket-Accept` that the upstream has to send.
    package let accept: [UInt8]
    /// Whether the request is an extended CONNECT, to which every 2xx response means an open tunnel.
    let isExtendedConnect: Bool
    /// What the route requires of the open WebSocket; set by a middleware.
    package var policy: WebSocketTunnel.Policy?
    /// The open WebSocket, once the client got its 101 response.
    package internal(set) var tunnel: WebSocketTunnel?
    /// How the exchange ends after the gateway has closed the WebSocket.
    var outcome: Outcome?

    init(accept: [UInt8], isExtendedConnect: Bool) {
        self.accept = accept
        self.isExtendedConnect = isExtendedConnect
    }

    /// Whether the client got its 101 response.
    package var isOpen: Bool { self.tunnel != nil }

    /// The number of messages from and to the client.
    package var messages: (in: UInt64, out: UInt64) {
        (self.tunnel?.messages(from: .client) ?? 0, self.tunnel?.messages(from: .upstream) ?? 0)
    }

    /// The code of the first close frame, or 1006 if there was none. Nil if the WebSocket was never open.
    package var closeCode: UInt16? { self.tunnel.map { $0.closeCode ?? WebSocketCloseCode.cut } }
}

@available(*, unavailable)
extension WebSocketUpgrade: Sendable {}
