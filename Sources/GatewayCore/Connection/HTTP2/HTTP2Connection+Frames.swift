import GatewayHTTP
import GatewayHTTP1
import GatewayHTTP2
import NIOCore

/// What each frame does (RFC 9113 section 6).
extension HTTP2Connection {
    func act(on head: FrameHead, _ payload: ByteBuffer) throws(HTTP2ConnectionError) {
        switch head.type {
        case .data: try self.receiveData(head, payload)
        case .headers: try self.receiveHeaders(head, payload)
        case .continuation: try self.receiveContinuation(head, payload)
        case .priority: try self.receivePriority(head, payload)
        case .reset: try self.receiveReset(head, payload)
        case .settings: try self.receiveSettings(head, payload)
        case .ping: try self.receivePing(head, payload)
        case .goAway:
            _ = try head.goAway(payload)
            self.clientLeaves()
        case .windowUpdate: try self.receiveWindowUpdate(head, payload)
        case .pushPromise: throw HTTP2ConnectionError(.protocolError, "PUSH_PROMISE of a client")
        // RFC 9113 section 5.5: unknown types are ignored.
        default: break
        }
    }

    // MARK: DATA

    private func receiveData(_ head: FrameHead, _ payload: ByteBuffer) throws(HTTP2ConnectionError) {
        guard head.streamID != 0 else { throw HTTP2ConnectionError(.protocolError, "DATA on stream 0") }
        // The connection's window is given back whatever becomes of the bytes, so that one stream cannot stop others.
        guard head.length <= self.receiveWindow else { throw HTTP2ConnectionError(.flowControl, "connection window") }
        self.receiveWindow -= head.length
        self.unreturned += head.length
        if self.unreturned * 2 >= self.limits.connectionWindow {
            self.receiveWindow += self.unreturned
            self.output.collect { $0.writeWindowUpdate(0, by: self.unreturned) }
            self.unreturned = 0
            self.flushLater()
        }
        let data = try head.content(of: payload)
        let endsStream = head.flags.contains(.endStream)
        if data.readableBytes == 0, !endsStream { try self.count(.emptyData) }
        guard let stream = self.streams[head.streamID] else {
            if case .closed = try self.ledger.frame(on: head.streamID) {
                try self.resetProvoked(head.streamID, .streamClosed)
            }
            return
        }
        if let code = stream.receive(data, length: head.length, endsStream: endsStream) {
            try self.abort(stream, code)
        }
    }

    // MARK: Field blocks

    private func receiveHeaders(_ head: FrameHead, _ payload: ByteBuffer) throws(HTTP2ConnectionError) {
        let block = try FieldBlock(head, payload)
        if head.flags.contains(.endHeaders) { return try self.complete(block) }
        if self.clock.blockSince == nil { self.clock.blockSince = self.worker.now }
        self.block = block
    }

    private func receiveContinuation(_ head: FrameHead, _ payload: ByteBuffer) throws(HTTP2ConnectionError) {
        guard var block = self.block else { throw HTTP2ConnectionError(.protocolError, "CONTINUATION") }
        self.block = nil
        if block.isFlood(adding: payload, limit: self.maxHeaderList) { throw self.flood(.continuation) }
        if head.flags.contains(.endHeaders) { return try self.complete(block) }
        self.block = block
    }

    /// The size of a list beyond which the connection ends. Smaller ones over the limit are answered.
    var maxHeaderList: Int { self.listener.limits.http1.headers * 4 }

    // MARK: Control frames

    private func receivePriority(_ head: FrameHead, _ payload: ByteBuffer) throws(HTTP2ConnectionError) {
        try head.checkPriority(payload)
        try self.count(.priority)
    }

    private func receiveReset(_ head: FrameHead, _ payload: ByteBuffer) throws(HTTP2ConnectionError) {
        _ = try head.resetCode(payload)
        guard let stream = self.streams[head.streamID] else {
            _ = try self.ledger.frame(on: head.streamID)
            // Now both sides know that the stream is closed.
            return self.ledger.ended(head.streamID, .byClient)
        }
        let isUnanswered = !stream.hasSentHead
        self.forget(stream, .byClient)
        stream.exchange?.driver.clientGone()
        if isUnanswered { try self.count(.reset) }
        self.streamEnded()
    }

    private func receiveSettings(_ head: FrameHead, _ payload: ByteBuffer) throws(HTTP2ConnectionError) {
        guard try !head.isSettingsAcknowledgement() else { return }
        try self.count(.settings)
        let window = self.peerSettings.initialWindow
        var settings = self.peerSettings
        try payload.withUnsafeReadableBytes { (bytes) throws(HTTP2ConnectionError) in try settings.read(bytes) }
        self.peerSettings = settings
        self.encoder.limitTable(to: settings.smallestTable)
        self.output.collect { $0.writeSettingsAcknowledgement() }
        self.flushLater()
        let change = settings.initialWindow - window
        guard change != 0 else { return }
        for stream in self.streams.values {
            guard stream.pending.widen(by: change) else {
                throw HTTP2ConnectionError(.flowControl, "SETTINGS_INITIAL_WINDOW_SIZE")
            }
            self.enqueue(stream)
        }
        self.pump()
    }

    private func receivePing(_ head: FrameHead, _ payload: ByteBuffer) throws(HTTP2ConnectionError) {
        let data = try head.pingData(payload)
        if head.flags.contains(.acknowledgement) {
            if data == Self.drainPing { self.finishDrain() }
            return
        }
        try self.count(.ping)
        self.output.collect { $0.writePing(data, isAcknowledgement: true) }
        self.flushLater()
    }

    private func receiveWindowUpdate(_ head: FrameHead, _ payload: ByteBuffer) throws(HTTP2ConnectionError) {
        let increment = try head.windowIncrement(payload)
        try self.count(.windowUpdate)
        if head.streamID == 0 {
            guard self.sendWindow + increment <= FlowWindow.maximum else {
                throw HTTP2ConnectionError(.flowControl, "WINDOW_UPDATE")
            }
            self.sendWindow += increment
            return self.pump()
        }
        guard let stream = self.streams[head.streamID] else {
            _ = try self.ledger.frame(on: head.streamID)
            if increment == 0 { try self.resetProvoked(head.streamID, .protocolError) }
            return
        }
        guard increment > 0 else { return try self.abort(stream, .protocolError) }
        guard stream.pending.widen(by: increment) else { return try self.abort(stream, .flowControl) }
        self.enqueue(stream)
        self.pump()
    }

    // MARK: Floods

    func count(_ kind: FloodGuard.Kind) throws(HTTP2ConnectionError) {
        if self.floods.isFlood(kind, at: self.worker.now) { throw self.flood(kind) }
    }

    /// Counts and logs a flood. Returns the error that ends the connection.
    func flood(_ kind: FloodGuard.Kind) -> HTTP2ConnectionError {
        self.worker.reportFlood(kind, from: self.arrival.peer)
        return HTTP2ConnectionError(.enhanceYourCalm, "flood")
    }
}
