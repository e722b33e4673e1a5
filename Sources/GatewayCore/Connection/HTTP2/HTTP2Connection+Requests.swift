import GatewayHTTP
import GatewayHTTP1
import GatewayHTTP2
import NIOCore

/// What a whole field block does: it opens a stream, or ends one with trailers.
extension HTTP2Connection {
    func complete(_ block: FieldBlock) throws(HTTP2ConnectionError) {
        let since = self.clock.blockSince ?? self.worker.now
        self.clock.blockSince = nil
        if let stream = self.streams[block.streamID] { return try self.completeTrailers(block, of: stream) }
        switch try self.ledger.headers(on: block.streamID) {
        case .ignore: try self.decode(block) { _ in }
        case .open: try self.completeRequest(block, since: since)
        }
    }

    private func decode(
        _ block: FieldBlock,
        _ take: (FieldBlockDecoder.Field) -> Void
    ) throws(HTTP2ConnectionError) {
        do throws(HTTP2ConnectionError) {
            try block.bytes.withUnsafeReadableBytes { (bytes) throws(HTTP2ConnectionError) in
                try self.decoder.decode(bytes, limit: self.maxHeaderList, take)
            }
        } catch {
            throw error.code == .enhanceYourCalm ? self.flood(.headers) : error
        }
    }

    private var requestLimits: RequestFields.Limits {
        let limits = self.listener.limits.http1
        return RequestFields.Limits(
            startLine: limits.startLine,
            headers: limits.headers,
            headerCount: limits.headerCount
        )
    }

    private func completeRequest(_ block: FieldBlock, since start: NIODeadline) throws(HTTP2ConnectionError) {
        if case .final(let last) = self.drainState, block.streamID > last {
            return try self.decode(block) { _ in }
        }
        guard self.streams.count < self.limits.maxStreams else {
            try self.decode(block) { _ in }
            return try self.resetProvoked(block.streamID, .refusedStream)
        }
        let exchange = self.worker.makeExchange()
        exchange.request.headers.clear()
        var fields = RequestFields(limits: self.requestLimits)
        do throws(HTTP2ConnectionError) {
            try self.decode(block) { fields.take($0, into: &exchange.request) }
        } catch {
            self.worker.recycle(exchange)
            throw error
        }
        exchange.bytesIn = UInt64(block.bytes.readableBytes + FrameHead.length)
        let stream = HTTP2Stream(block.streamID, on: self)
        stream.isRequestOpen = !block.endsStream
        do throws(MessageError) {
            let isTunnel = try fields.finish(&exchange.request, endsStream: block.endsStream)
            self.add(stream)
            stream.begin(exchange, isTunnel: isTunnel, since: start)
        } catch {
            try self.refuse(stream, exchange, error, since: start)
        }
        self.countRequest()
    }

    /// Answers a request that cannot be served, or resets its stream if it is malformed.
    private func refuse(
        _ stream: HTTP2Stream,
        _ exchange: Exchange,
        _ error: MessageError,
        since start: NIODeadline
    ) throws(HTTP2ConnectionError) {
        if error.code == .malformed {
            // The exchange only records the request.
            stream.isMute = true
            self.ledger.ended(stream.id, .byServer)
            self.output.collect { $0.writeReset(stream.id, .protocolError) }
            self.flushLater()
        } else {
            self.add(stream)
        }
        stream.refuse(exchange, GatewayError(client: error), since: start)
        if error.code == .malformed { try self.count(.resetProvoked) }
    }

    private func completeTrailers(
        _ block: FieldBlock,
        of stream: HTTP2Stream
    ) throws(HTTP2ConnectionError) {
        let limits = self.listener.limits.http1
        var fields = TrailerFields(limits: FieldLimits(size: limits.headers, count: limits.headerCount))
        try self.decode(block) { fields.take($0) }
        guard stream.isRequestOpen else { return try self.abort(stream, .streamClosed) }
        // A second HEADERS frame must end the stream (RFC 9113 section 8.1).
        guard block.endsStream, !stream.isTunnel else { return try self.abort(stream, .protocolError) }
        stream.exchange?.bytesIn &+= UInt64(block.bytes.readableBytes + FrameHead.length)
        let trailers: TrailerSection?
        do throws(MessageError) {
            trailers = try fields.finish()
        } catch {
            guard error.code != .malformed else { return try self.abort(stream, .protocolError) }
            return stream.fail(error)
        }
        if let code = stream.receiveEnd(trailers: trailers) { try self.abort(stream, code) }
    }

    /// Counts a request, and ends the connection gracefully after the last one that it may carry.
    private func countRequest() {
        self.requestsLeft -= 1
        if self.requestsLeft <= 0 { self.drain() }
    }
}
