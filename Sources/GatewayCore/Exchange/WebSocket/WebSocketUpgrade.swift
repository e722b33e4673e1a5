/// The upgrade of an exchange to a WebSocket, from the request that asks for it until the exchange ends.
package final class WebSocketUpgrade {
    /// The `Sec-WebSocket-Accept` that the upstream has to send.
    let accept: [UInt8]
    /// Whether the request is an extended CONNECT, to which every 2xx response means an open tunnel.
    let isExtendedConnect: Bool
    /// Whether the client got its 101 response, so that both bodies are the bytes of the WebSocket.
    package internal(set) var isOpen = false
    /// Whether the client has ended its side.
    var hasClientEnded = false

    init(accept: [UInt8], isExtendedConnect: Bool) {
        self.accept = accept
        self.isExtendedConnect = isExtendedConnect
    }
}

@available(*, unavailable)
extension WebSocketUpgrade: Sendable {}
