import DequeModule
import GatewayHTTP
import GatewayHTTP2
import NIOCore

/// What is sent, and in which order. Streams with data take turns, a frame each, so that none holds up another.
extension HTTP2UpstreamConnection: FlushedLater {
    /// The largest DATA frame. Smaller ones than the peer allows let streams take turns more often.
    private static let maxData = 16 * 1024

    // MARK: Frames

    func writeTrailers(_ trailers: TrailerSection, on id: UInt32) {
        self.output.collect { buffer in
            buffer.writeHeaders(id, endsStream: true, maxFrame: self.frames.settings.maxFrame) { block in
                self.encoder.begin(&block)
                block.writeFieldLiterals(trailers.fields)
            }
        }
    }

    func writeData(_ data: ByteBuffer, on id: UInt32, endsStream: Bool) {
        guard let context = self.context else { return }
        let flags: FrameFlags = endsStream ? .endStream : []
        let head = FrameHead(length: data.readableBytes, type: .data, flags: flags, streamID: id)
        self.output.collect { $0.write(head) }
        if data.readableBytes > 0 { _ = self.output.write(data, asChunk: false, to: context) }
        self.frames.sentData()
    }

    func writeReset(_ id: UInt32, _ code: HTTP2ErrorCode) {
        self.output.collect { $0.writeReset(id, code) }
        self.flushSoon()
    }

    func writeWindowUpdate(_ id: UInt32, by increment: Int) {
        self.output.collect { $0.writeWindowUpdate(id, by: increment) }
        self.flushSoon()
    }

    // MARK: Turns

    /// Lets a stream with data take its turn.
    func enqueue(_ stream: HTTP2UpstreamStream) {
        guard !stream.isReady, stream.body.canSend else { return }
        stream.isReady = true
        self.ready.append(stream)
    }

    /// Sends data of the streams in turn, as far as the peer and the channel accept it.
    func pump() {
        guard !self.isPumping, !self.ready.isEmpty, let context = self.context else { return }
        self.isPumping = true
        defer { self.isPumping = false }
        while self.sendWindow > 0, context.channel.isWritable, let stream = self.ready.popFirst() {
            stream.isReady = false
            guard self.streams[stream.id] === stream else { continue }
            let limit = min(self.sendWindow, Self.maxData, self.frames.settings.maxFrame)
            self.sendWindow -= stream.sendData(limit: limit)
            self.enqueue(stream)
            if self.output.isFull { self.output.flush(context) }
        }
        self.flushSoon()
    }

    // MARK: Flushing

    /// Flushes what all streams write in this turn of the event loop with one system call.
    func flushSoon() {
        guard !self.isFlushScheduled else { return }
        self.isFlushScheduled = true
        // The end of the pass over received bytes flushes too.
        if !self.isInPass { self.worker.flushLater(self) }
    }

    func flushNow() {
        self.isFlushScheduled = false
        if let context = self.context { self.output.flush(context) }
        self.tellWritable()
    }

    /// Tells the callers that can write again. Not from within a write, which must not be nested.
    private func tellWritable() {
        guard !self.writable.isEmpty else { return }
        let writable = self.writable
        self.writable = []
        for stream in writable { stream.call?.caller?.upstreamWritable() }
    }
}
