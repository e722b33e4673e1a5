import DequeModule
import GatewayHTTP
import GatewayHTTP2
import Logging
import NIOCore

/// How streams and the connection end.
extension HTTP2Connection {
    // MARK: Streams

    /// Removes a stream. Its exchange goes on until it is told.
    func forget(_ stream: HTTP2Stream, _ end: StreamLedger.End) {
        guard self.streams[stream.id] === stream else { return }
        self.remove(stream)
        self.ledger.ended(stream.id, end)
        // What waits for a window must not pile up behind it.
        if stream.isReady { self.ready.removeAll { $0 === stream } }
        stream.dropPending()
    }

    /// How long the rest of a request may take after the response. A small body that is on its way arrives by then.
    static let restTime = TimeAmount.milliseconds(250)

    /// Called when the whole response was written.
    ///
    /// - Parameter awaitsRest: Whether the rest of the request is read and dropped for a moment.
    func sentEnd(of stream: HTTP2Stream, awaitsRest: Bool) {
        guard stream.isRequestOpen else { return self.endedWhole(stream) }
        guard awaitsRest else { return self.reset(stream, .noError) }
        stream.restDeadline = self.worker.now + Self.restTime
        self.check(at: stream.restDeadline)
    }

    /// Called when both the request and the response are complete.
    func endedWhole(_ stream: HTTP2Stream) {
        self.forget(stream, .byClient)
        self.streamEnded()
    }

    /// Resets a stream whose exchange has ended, or whose request is no longer needed (RFC 9113 section 8.1).
    func reset(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) {
        guard self.streams[stream.id] === stream else { return }
        self.forget(stream, .byServer)
        self.output.collect { $0.writeReset(stream.id, code) }
        self.flushLater()
        self.streamEnded()
    }

    /// Ends a stream because of an error of the client (RFC 9113 section 5.4.2).
    func abort(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) throws(HTTP2ConnectionError) {
        self.forget(stream, .byServer)
        stream.exchange?.driver.clientGone()
        try self.resetProvoked(stream.id, code)
        self.streamEnded()
    }

    /// Resets a stream that the client made this side reset.
    func resetProvoked(_ streamID: UInt32, _ code: HTTP2ErrorCode) throws(HTTP2ConnectionError) {
        self.output.collect { $0.writeReset(streamID, code) }
        self.flushLater()
        try self.count(.resetProvoked)
    }

    /// Closes the connection if it drains and no stream is left.
    func streamEnded() {
        guard self.streams.isEmpty, self.phase == .open || self.phase == .settings || self.phase == .preface else {
            return
        }
        if case .final = self.drainState { return self.shutDown() }
        if self.isInputClosed { self.shutDown() }
    }

    // MARK: The connection

    /// Ends the connection with an error (RFC 9113 section 5.4.1).
    func fail(_ error: HTTP2ConnectionError) {
        switch self.phase {
        case .closing, .closed: return
        case .preface, .settings, .open: break
        }
        self.worker.log.debug("HTTP/2 connection closed: \(error.reason)")
        self.output.collect { $0.writeGoAway(last: self.ledger.last, error.code, reason: error.reason) }
        self.shutDown()
    }

    /// Closes the sending side when all is written. Input is dropped for a while, so that the client sees what was sent
    /// instead of a reset.
    private func shutDown() {
        self.phase = .closing
        self.abandonStreams()
        guard self.phase == .closing, let context = self.context else { return }
        self.input = ByteBuffer()
        self.clock.drainDeadline = self.worker.now + Self.lingerTime
        self.output.flush(context)
        if self.output.isQueued(context) {
            let promise = context.eventLoop.makePromise(of: Void.self)
            promise.futureResult.assumeIsolated().whenComplete { _ in context.close(mode: .output, promise: nil) }
            context.writeAndFlush(self.wrapOutboundOut(ByteBuffer()), promise: promise)
        } else {
            context.close(mode: .output, promise: nil)
        }
        if self.isInputClosed { context.close(promise: nil) }
        self.arm()
    }

    /// Ends the exchanges of all streams without another word to the client.
    func abandonStreams() {
        let streams = Array(self.streams.values)
        for stream in streams { self.forget(stream, .byServer) }
        self.ready.removeAll()
        for stream in streams { stream.exchange?.driver.clientGone() }
    }

    /// Called when the client has closed its side. It can still read responses to whole requests.
    func inputEnded() {
        for stream in Array(self.streams.values) where stream.isRequestOpen {
            self.forget(stream, .byClient)
            stream.exchange?.driver.clientGone()
        }
        guard self.phase != .closing else {
            self.context?.close(promise: nil)
            return
        }
        self.streamEnded()
    }
}
