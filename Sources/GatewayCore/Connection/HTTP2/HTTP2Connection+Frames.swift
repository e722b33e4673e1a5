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
        case .reset: try self.receiveReset(head)
        case .settings: try self.receiveSettings(head, payload)
        case .ping: try self.receivePing(head, payload)
        case .goAway:
            guard head.streamID == 0 else { throw HTTP2ConnectionError(.protocolError, "GOAWAY on a stream") }
            guard head.length >= 8 else { throw HTTP2ConnectionError(.frameSize, "GOAWAY") }
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
        guard let content = payload.withUnsafeReadableBytes({ head.content(of: $0) }) else {
            throw HTTP2ConnectionError(.protocolError, "padding")
        }
        let endsStream = head.flags.contains(.endStream)
        if content.isEmpty, !endsStream { try self.count(.emptyData) }
        guard let stream = self.streams[head.streamID] else {
            if case .closed = try self.ledger.frame(on: head.streamID) {
                try self.resetProvoked(head.streamID, .streamClosed)
            }
            return
        }
        let start = payload.readerIndex + content.lowerBound
        guard let data = payload.getSlice(at: start, length: content.count) else { return }
        if let code = stream.receive(data, length: head.length, endsStream: endsStream) {
            try self.abort(stream, code)
        }
    }

    // MARK: Field blocks

    private func receiveHeaders(_ head: FrameHead, _ payload: ByteBuffer) throws(HTTP2ConnectionError) {
        guard head.streamID != 0 else { throw HTTP2ConnectionError(.protocolError, "HEADERS on stream 0") }
        guard let content = payload.withUnsafeReadableBytes({ head.content(of: $0) }) else {
            throw HTTP2ConnectionError(.protocolError, "padding")
        }
        if head.flags.contains(.priority) {
            let offset = payload.readerIndex + (head.flags.contains(.padded) ? 1 : 0)
            let dependency = payload.getInteger(at: offset, as: UInt32.self) ?? 0
            guard dependency & 0x7FFF_FFFF != head.streamID else {
                throw HTTP2ConnectionError(.protocolError, "stream that depends on itself")
            }
        }
        guard let bytes = payload.getSlice(at: payload.readerIndex + content.lowerBound, length: content.count) else {
            return
        }
        let endsStream = head.flags.contains(.endStream)
        let block = FieldBlock(streamID: head.streamID, endsStream: endsStream, bytes: bytes)
        if head.flags.contains(.endHeaders) { return try self.complete(block) }
        if self.clock.blockSince == nil { self.clock.blockSince = self.worker.now }
        self.block = block
    }

    private func receiveContinuation(_ head: FrameHead, _ payload: ByteBuffer) throws(HTTP2ConnectionError) {
        guard var block = self.block else { throw HTTP2ConnectionError(.protocolError, "CONTINUATION") }
        self.block = nil
        block.continuations += 1
        block.bytes.writeImmutableBuffer(payload)
        // Compression never lengthens a list by more than a few bytes, so a longer block is over the limit.
        let isFlood =
            block.continuations > Self.maxContinuations || block.bytes.readableBytes > self.maxHeaderList
        if isFlood { throw self.flood(.continuation) }
        if head.flags.contains(.endHeaders) { return try self.complete(block) }
        self.block = block
    }

    /// The maximum number of CONTINUATION frames of a block.
    private static let maxContinuations = 128

    /// The size of a list beyond which the connection ends. Smaller ones over the limit are answered.
    var maxHeaderList: Int { self.listener.limits.http1.headers * 4 }

    // MARK: Control frames

    private func receivePriority(_ head: FrameHead, _ payload: ByteBuffer) throws(HTTP2ConnectionError) {
        guard head.streamID != 0 else { throw HTTP2ConnectionError(.protocolError, "PRIORITY on stream 0") }
        guard head.length == 5 else { throw HTTP2ConnectionError(.frameSize, "PRIORITY") }
        try self.count(.priority)
        let dependency = payload.getInteger(at: payload.readerIndex, as: UInt32.self) ?? 0
        guard dependency & 0x7FFF_FFFF != head.streamID else {
            throw HTTP2ConnectionError(.protocolError, "stream that depends on itself")
        }
    }

    private func receiveReset(_ head: FrameHead) throws(HTTP2ConnectionError) {
        guard head.streamID != 0 else { throw HTTP2ConnectionError(.protocolError, "RST_STREAM on stream 0") }
        guard head.length == 4 else { throw HTTP2ConnectionError(.frameSize, "RST_STREAM") }
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
        guard head.streamID == 0 else { throw HTTP2ConnectionError(.protocolError, "SETTINGS on a stream") }
        if head.flags.contains(.acknowledgement) {
            guard head.length == 0 else { throw HTTP2ConnectionError(.frameSize, "SETTINGS") }
            return
        }
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
            guard stream.sendWindow + change <= FlowWindow.maximum else {
                throw HTTP2ConnectionError(.flowControl, "SETTINGS_INITIAL_WINDOW_SIZE")
            }
            stream.sendWindow += change
            self.enqueue(stream)
        }
        self.pump()
    }

    private func receivePing(_ head: FrameHead, _ payload: ByteBuffer) throws(HTTP2ConnectionError) {
        guard head.streamID == 0 else { throw HTTP2ConnectionError(.protocolError, "PING on a stream") }
        guard head.length == 8, let data = payload.getInteger(at: payload.readerIndex, as: UInt64.self) else {
            throw HTTP2ConnectionError(.frameSize, "PING")
        }
        if head.flags.contains(.acknowledgement) {
            if data == Self.drainPing { self.finishDrain() }
            return
        }
        try self.count(.ping)
        self.output.collect { $0.writePing(data, isAcknowledgement: true) }
        self.flushLater()
    }

    private func receiveWindowUpdate(_ head: FrameHead, _ payload: ByteBuffer) throws(HTTP2ConnectionError) {
        guard head.length == 4, let value = payload.getInteger(at: payload.readerIndex, as: UInt32.self) else {
            throw HTTP2ConnectionError(.frameSize, "WINDOW_UPDATE")
        }
        let increment = Int(value & 0x7FFF_FFFF)
        try self.count(.windowUpdate)
        if head.streamID == 0 {
            guard increment > 0 else { throw HTTP2ConnectionError(.protocolError, "WINDOW_UPDATE") }
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
        guard stream.sendWindow + increment <= FlowWindow.maximum else { return try self.abort(stream, .flowControl) }
        stream.sendWindow += increment
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
