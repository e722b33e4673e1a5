import DequeModule
import GatewayHTTP2
import NIOCore

/// What is sent, and in which order. Streams with data take turns, a frame each, so that none holds up another.
extension HTTP2Connection: FlushedLater {
    /// The largest DATA frame. Smaller ones than the peer allows let streams take turns more often.
    private static let maxData = 16 * 1024

    /// Writes the settings of this side, and widens the connection's window.
    func writeSettings() {
        let limits = self.limits
        self.output.collect { buffer in
            buffer.writeSettings([
                (.maxStreams, UInt32(clamping: limits.maxStreams)),
                (.initialWindow, UInt32(clamping: limits.window)),
                (.maxFrame, UInt32(clamping: limits.maxFrame)),
                (.maxHeaderList, UInt32(clamping: self.maxHeaderList)),
                (.enableConnectProtocol, 1),
            ])
            let more = limits.connectionWindow - FlowWindow.initial
            if more > 0 { buffer.writeWindowUpdate(0, by: more) }
        }
        self.receiveWindow = max(limits.connectionWindow, FlowWindow.initial)
    }

    // MARK: Scheduling

    /// Lets a stream with data take its turn.
    func enqueue(_ stream: HTTP2Stream) {
        guard !stream.isReady, stream.pending.count > 0 else { return }
        guard stream.pending.canSend else { return self.blocked(stream) }
        stream.isReady = true
        self.ready.append(stream)
    }

    /// Sends data of the streams in turn, as far as the client and the channel accept it.
    func pump() {
        guard !self.isPumping, !self.ready.isEmpty, let context = self.context else { return }
        self.isPumping = true
        defer { self.isPumping = false }
        while self.sendWindow > 0, context.channel.isWritable, let stream = self.ready.popFirst() {
            stream.isReady = false
            guard self.streams[stream.id] === stream else { continue }
            let count = stream.sendData(limit: min(self.sendWindow, Self.maxData, self.peerSettings.maxFrame))
            self.sendWindow -= count
            self.clock.sentAt = self.worker.now
            stream.blockedSince = nil
            self.enqueue(stream)
            if self.output.isFull { self.output.flush(context) }
            stream.tellWritable()
        }
        for stream in self.ready { self.blocked(stream) }
        self.flushLater()
    }

    /// Notes that the client does not accept the data of a stream.
    private func blocked(_ stream: HTTP2Stream) {
        guard stream.blockedSince == nil else { return }
        stream.blockedSince = self.worker.now
        self.check(at: self.worker.now + self.listener.limits.writeTimeout)
    }

    // MARK: Flushing

    /// Flushes at the end of this turn of the event loop, so that one system call sends the frames of all streams.
    func flushLater() {
        guard !self.isFlushScheduled else { return }
        self.isFlushScheduled = true
        self.worker.flushLater(self)
    }

    func flushNow() {
        self.isFlushScheduled = false
        if let context = self.context { self.output.flush(context) }
    }
}
