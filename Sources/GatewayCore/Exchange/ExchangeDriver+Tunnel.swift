import GatewayHTTP
import GatewayWebSocket
import NIOCore

/// Open WebSockets: the bytes of both sides take the path of the two bodies, with its back-pressure, until one side
/// ends its connection. `WebSocketTunnel` follows the frames and decides what passes.
extension ExchangeDriver {
    /// Opens the tunnel, after the client was sent the head of the 101 response.
    func openTunnel(_ upgrade: WebSocketUpgrade, _ client: any ClientStream) {
        let exchange = self.exchange
        var random = SystemRandomNumberGenerator()
        upgrade.tunnel = WebSocketTunnel(
            policy: upgrade.policy,
            extensions: WebSocketExtensions(in: exchange.response.headers),
            idle: exchange.deadlines.tunnelIdle,
            pingToken: random.next(),
            at: self.worker.now
        )
        exchange.state.openedTunnel()
        exchange.deadlines.openedTunnel()
        exchange.requestBody = Exchange.RequestBody()
        let held = exchange.responseBody.held
        exchange.responseBody = Exchange.ResponseBody()
        let meters = exchange.plan.meters.webSockets
        meters.accepted.add()
        meters.connections.add()
        self.worker.shared.webSockets.opened(self.registryKey)
        let mustClose = self.worker.opened(webSocket: exchange)
        self.armTunnel(upgrade)
        let generation = exchange.generation
        if held.readableBytes > 0 { self.receive(held, from: .upstream) }
        guard exchange.generation == generation else { return }
        client.flush()
        guard exchange.generation == generation else { return }
        // The log needs the request only, possibly after days.
        exchange.response.headers = HeaderBlock()
        exchange.request.headers.compact()
        client.resumeRequestBody()
        if mustClose, exchange.generation == generation { self.closeWebSocket() }
    }

    private var registryKey: WebSocketRegistry.Key {
        WebSocketRegistry.Key(route: self.exchange.plan.name, consumer: self.exchange.callerName())
    }

    /// Counts the end of an exchange that asked for a WebSocket.
    func ended(_ upgrade: WebSocketUpgrade) {
        let meters = self.exchange.plan.meters.webSockets
        guard let code = upgrade.closeCode else { return meters.refused.add() }
        self.worker.closed(webSocket: self.exchange)
        meters.connections.subtract()
        meters.closed(code)
        self.worker.shared.webSockets.closed(self.registryKey)
    }

    // MARK: Bytes

    func receive(_ chunk: ByteBuffer, from side: WebSocketTunnel.Side) {
        let exchange = self.exchange
        guard let upgrade = exchange.upgrade else { return }
        let generation = exchange.generation
        var chunk = chunk
        let count = chunk.readableBytes
        let before = upgrade.tunnel?.messages(from: side) ?? 0
        upgrade.tunnel?.received(from: side, at: self.worker.now)
        while let action = upgrade.tunnel?.next(&chunk, from: side, at: self.worker.now) {
            switch action {
            case .write(let bytes): self.write(bytes, to: side.other)
            case .insert(let frame): self.insert(frame, to: side.other)
            case .closed: self.armTunnel(upgrade)
            case .violation(let code): self.closeTunnel(upgrade, code, .gatewayError)
            }
            guard exchange.generation == generation else { return }
        }
        let messages = (upgrade.tunnel?.messages(from: side) ?? before) &- before
        exchange.plan.meters.webSockets.received(bytes: count, messages: messages, from: side)
        self.finishIfClosed(upgrade)
    }

    private func write(_ bytes: ByteBuffer, to side: WebSocketTunnel.Side) {
        let exchange = self.exchange
        switch side {
        case .client:
            guard let client = exchange.client else { return }
            client.writeBody(bytes)
            // The client's connection has its own deadline for a client that does not read.
            if exchange.client === client, !client.isWritable { exchange.upstream?.pauseReading() }
        case .upstream:
            guard let upstream = exchange.upstream else { return }
            upstream.writeBody(bytes)
            guard exchange.upstream === upstream, !upstream.isWritable else { return }
            // The upstream becomes writable only once these bytes are flushed.
            upstream.flush()
            if exchange.upstream === upstream, !upstream.isWritable { exchange.client?.pauseRequestBody() }
        }
    }

    /// Writes a frame of the gateway.
    private func insert(_ frame: WebSocketControlFrame, to side: WebSocketTunnel.Side) {
        var buffer = ByteBuffer()
        switch side {
        case .client:
            frame.write(mask: nil, into: &buffer)
            self.exchange.client?.writeBody(buffer)
            self.exchange.client?.flush()
        case .upstream:
            frame.write(mask: .random(in: .min ... .max), into: &buffer)
            self.exchange.upstream?.writeBody(buffer)
            self.exchange.upstream?.flush()
        }
    }

    // MARK: The end

    /// Called when a side has ended its connection in good order.
    func tunnelEnded(by side: WebSocketTunnel.Side) {
        guard let upgrade = self.exchange.upgrade else { return }
        switch upgrade.tunnel?.inputEnded(from: side, at: self.worker.now) {
        case .finish: self.finishTunnel(upgrade.outcome ?? .complete)
        case .passOn:
            self.exchange.upstream?.closeOutput()
            self.armTunnel(upgrade)
        case .cut, nil: self.finishTunnel(side == .client ? .clientGone : .upstreamReset)
        }
    }

    /// Called when the gateway drains.
    func closeWebSocket() {
        guard self.exchange.state.stage == .tunnel, let upgrade = self.exchange.upgrade else { return }
        guard upgrade.tunnel?.isClosing == false else { return }
        upgrade.tunnel?.beginClose(WebSocketCloseCode.goingAway, within: nil, at: self.worker.tick())
        self.sendClose(upgrade, WebSocketCloseCode.goingAway)
    }

    /// Closes both sides because one of them has broken a rule or is gone.
    private func closeTunnel(_ upgrade: WebSocketUpgrade, _ code: UInt16, _ outcome: Outcome) {
        upgrade.outcome = outcome
        upgrade.tunnel?.beginClose(code, within: WebSocketTunnel.closeTimeout, at: self.worker.now)
        let isCut = self.sendClose(upgrade, code)
        // A side that is in the middle of a frame cannot be told.
        if isCut { self.finishTunnel(outcome) }
    }

    /// Sends a close frame to both sides. Returns whether one of them cannot get it yet.
    @discardableResult
    private func sendClose(_ upgrade: WebSocketUpgrade, _ code: UInt16) -> Bool {
        let generation = self.exchange.generation
        var mustWait = false
        for side in WebSocketTunnel.Side.allCases {
            switch upgrade.tunnel?.close(code, to: side) {
            case .send: self.insert(.close(code), to: side)
            case .wait: mustWait = true
            case .done, nil: break
            }
            guard self.exchange.generation == generation else { return false }
        }
        self.armTunnel(upgrade)
        return mustWait
    }

    /// Ends the exchange when the gateway has closed the WebSocket and both sides have answered.
    private func finishIfClosed(_ upgrade: WebSocketUpgrade) {
        guard let tunnel = upgrade.tunnel, tunnel.isClosing, tunnel.areBothClosed else { return }
        self.finishTunnel(upgrade.outcome ?? .complete)
    }

    /// Ends the exchange. The client gets all that was written to it, and then the end of the connection.
    private func finishTunnel(_ outcome: Outcome) {
        let exchange = self.exchange
        let generation = exchange.generation
        exchange.upgrade?.outcome = outcome
        exchange.upstream?.flush()
        guard exchange.generation == generation, let client = exchange.client else { return }
        self.dropUpstream()
        exchange.stopWaiting()
        client.writeEnd(of: exchange)
        exchange.state.wroteLastByte()
        client.flush()
        if exchange.generation == generation, exchange.state.stage == .flushing, client.isWritable {
            self.finish(outcome)
        }
    }

    // MARK: Time

    private func armTunnel(_ upgrade: WebSocketUpgrade) {
        guard let tunnel = upgrade.tunnel else { return }
        self.exchange.deadlines.wait(for: .idle, until: tunnel.nextDeadline)
        self.exchange.arm()
    }

    func tunnelDeadlineReached(now: NIODeadline) {
        let exchange = self.exchange
        guard let upgrade = exchange.upgrade else { return }
        let generation = exchange.generation
        switch upgrade.tunnel?.deadlineReached(at: now) {
        case .ping:
            for side in WebSocketTunnel.Side.allCases {
                if let frame = upgrade.tunnel?.ping(side) { self.insert(frame, to: side) }
                guard exchange.generation == generation else { return }
            }
        case .gone:
            exchange.plan.meters.countTimeout(.idle)
            self.closeTunnel(upgrade, WebSocketCloseCode.goingAway, .timedOut(.idle))
            if exchange.generation == generation { self.finishIfClosed(upgrade) }
        case .idle:
            exchange.plan.meters.countTimeout(.idle)
            return self.finishTunnel(.timedOut(.idle))
        case .closeTimedOut: return self.finishTunnel(upgrade.outcome ?? .complete)
        case .some(.none), nil: break
        }
        if exchange.generation == generation, exchange.state.stage == .tunnel { self.armTunnel(upgrade) }
    }
}
