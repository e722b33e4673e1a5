import GatewayHTTP2
import NIOCore

/// What each frame of the peer does.
extension HTTP2UpstreamConnection {
    /// The number of answers to SETTINGS and PING that may wait for a peer that does not read.
    private static let maxUnreadAnswers = 1000

    func act(on event: ServerFrames.Event) throws(HTTP2ConnectionError) {
        switch event {
        case .settings(let windowChange): try self.receiveSettings(windowChange)
        case .ping(let data): try self.answer { $0.writePing(data, isAcknowledgement: true) }
        case .block(let block): try self.receive(block)
        case .data(let id, let data, let length, let endsStream):
            let increment = self.frames.takeWindow()
            if increment > 0 { self.writeWindowUpdate(0, by: increment) }
            self.touch(id)?.receive(data, length: length, endsStream: endsStream)
        case .reset(let id, let code): if let stream = self.streams[id] { self.reset(stream, code) }
        case .goAway(let last, let code): self.receiveGoAway(last: last, code)
        case .windowUpdate(0, let increment):
            guard self.sendWindow + increment <= FlowWindow.maximum else {
                throw HTTP2ConnectionError(.flowControl, "WINDOW_UPDATE")
            }
            self.sendWindow += increment
            self.pump()
        case .windowUpdate(let id, let increment):
            guard let stream = self.streams[id] else { return }
            guard increment > 0 else { return stream.fail("WINDOW_UPDATE of zero") }
            guard stream.body.widen(by: increment) else { return stream.fail("window too large", .flowControl) }
            self.enqueue(stream)
            self.pump()
        }
    }

    private func receive(_ block: FieldBlock) throws(HTTP2ConnectionError) {
        if let stream = self.touch(block.streamID) { return try stream.receive(block) }
        // The stream was reset. The block still changes the state of compression.
        try self.frames.count(.headers, at: self.worker.now)
        try self.decode(block) { _ in }
    }

    /// Passes the fields of a block to `take`.
    func decode(
        _ block: FieldBlock,
        _ take: (FieldBlockDecoder.Field) -> Void
    ) throws(HTTP2ConnectionError) {
        try block.bytes.withUnsafeReadableBytes { (bytes) throws(HTTP2ConnectionError) in
            try self.decoder.decode(bytes, limit: self.maxHeaderList, take)
        }
    }

    private func receiveSettings(_ windowChange: Int) throws(HTTP2ConnectionError) {
        let settings = self.frames.settings
        self.encoder.limitTable(to: settings.smallestTable)
        try self.answer { $0.writeSettingsAcknowledgement() }
        if windowChange != 0 {
            for stream in self.streams.values {
                guard stream.body.widen(by: windowChange) else {
                    throw HTTP2ConnectionError(.flowControl, "SETTINGS_INITIAL_WINDOW_SIZE")
                }
                self.enqueue(stream)
            }
            self.pump()
        }
        self.limitStreams(settings.maxStreams)
    }

    /// Writes what the peer can demand as often as it likes.
    private func answer(_ write: (inout ByteBuffer) -> Void) throws(HTTP2ConnectionError) {
        self.output.collect(write)
        self.flushSoon()
        self.unreadAnswers = self.context?.channel.isWritable == false ? self.unreadAnswers + 1 : 0
        guard self.unreadAnswers <= Self.maxUnreadAnswers else { throw ServerFrames.flood }
    }
}
