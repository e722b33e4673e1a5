import GatewayHTTP
import GatewayWebSocket

/// The handshake of a WebSocket. It passes the chain like any exchange.
extension ExchangeDriver {
    /// Checks whether the request asks for a WebSocket. Call it before the fields about the connection are removed.
    func takeUpgrade(_ isExtendedConnect: Bool) {
        let exchange = self.exchange
        guard exchange.refusal == nil else { return }
        guard exchange.plan.forwarding.acceptsWebSockets else {
            let detail = "This path has no WebSocket."
            exchange.refusal = Exchange.Refusal(GatewayError(.notImplemented, detail: detail))
            return
        }
        switch WebSocketHandshake.check(exchange.request, isExtendedConnect: isExtendedConnect) {
        case .unrelated: break
        case .malformed(let reason): self.refuseUpgrade(.badRequest(reason))
        case .unsupportedVersion: self.refuseUpgrade(.unsupportedWebSocketVersion)
        case .handshake:
            if isExtendedConnect {
                var random = SystemRandomNumberGenerator()
                let key = WebSocketHandshake.makeKey(using: &random)
                exchange.request.headers.set(WebSocketHandshake.keyName, key)
            }
            let accept = exchange.request.headers.withBytes(of: WebSocketHandshake.keyName) {
                WebSocketHandshake.accept(for: $0)
            }
            exchange.holdsBodies = true
            exchange.upgrade = WebSocketUpgrade(accept: accept ?? [], isExtendedConnect: isExtendedConnect)
        }
    }

    private func refuseUpgrade(_ error: GatewayError) {
        self.exchange.refusal = Exchange.Refusal(error)
        self.exchange.plan.meters.webSockets.refused.add()
    }

    /// Checks the response to a handshake. Returns false if the exchange failed because of it.
    func accepts(_ upgrade: WebSocketUpgrade) -> Bool {
        let exchange = self.exchange
        let status = exchange.response.status
        var mistake: String?
        if status == 101 {
            switch WebSocketHandshake.check(exchange.response, accept: upgrade.accept) {
            case .accepted: break
            case .malformed(let reason): mistake = reason
            }
        } else if upgrade.isExtendedConnect, (200..<300).contains(status) {
            // The client would take it for an open tunnel.
            mistake = "\(status) instead of 101"
        }
        guard let mistake else { return true }
        self.fail(.malformedAnswer(reason: mistake), from: nil)
        return false
    }
}

extension GatewayError {
    /// The handshake asks for another version than 13 (RFC 6455 section 4.2.2).
    fileprivate static var unsupportedWebSocketVersion: GatewayError {
        var error = GatewayError(.upgradeRequired)
        error.fields = PreparedFields { fields in
            fields.add(HeaderName(.upgrade), "websocket")
            fields.add(WebSocketHandshake.versionName, WebSocketHandshake.version)
        }
        return error
    }
}
