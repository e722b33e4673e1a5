import GatewayHTTP
import GatewayWebSocket
import NIOCore

/// WebSockets: the handshake passes the chain like any exchange. After the 101 response, the bytes of both directions
/// take the path of the two bodies, with their back-pressure, until one side ends its connection.
extension ExchangeDriver {
    // MARK: The handshake

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
        case .malformed(let reason): exchange.refusal = Exchange.Refusal(.badRequest(reason))
        case .unsupportedVersion: exchange.refusal = Exchange.Refusal(.unsupportedWebSocketVersion)
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

    // MARK: The tunnel

    /// Opens the tunnel, after the client was sent the head of the 101 response.
    func openTunnel(_ client: any ClientStream) {
        let exchange = self.exchange
        guard let upgrade = exchange.upgrade else { return }
        upgrade.isOpen = true
        exchange.state.openedTunnel()
        exchange.deadlines.openedTunnel()
        exchange.requestBody = Exchange.RequestBody()
        let held = exchange.responseBody.held
        exchange.responseBody = Exchange.ResponseBody()
        let generation = exchange.generation
        if held.readableBytes > 0 { client.writeBody(held) }
        guard exchange.generation == generation else { return }
        client.flush()
        guard exchange.generation == generation, exchange.state.stage == .responding else { return }
        exchange.waitForBody()
        client.resumeRequestBody()
    }

    /// Called when the client has ended its side of the tunnel.
    func clientEndedTunnel() {
        guard let upgrade = self.exchange.upgrade, !upgrade.hasClientEnded else { return }
        upgrade.hasClientEnded = true
        self.exchange.upstream?.closeOutput()
    }

    /// Called when the client's connection drains.
    package func drain() {}
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
