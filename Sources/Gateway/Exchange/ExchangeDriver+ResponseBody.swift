import GatewayHTTP
import GatewayHTTP1
public import NIOCore

/// The response's body, from the upstream to the client.
extension Exchange {
    /// The head has climbed the whole chain.
    func startResponse() {
        guard let client = self.client else { return }
        self.stage = .responding
        self.firstByteAt = self.worker.now
        client.writeHead(of: self)
        guard self.usesBodies else { return self.waitForBody() }
        let held = self.responseHeld
        self.responseHeld = ByteBuffer()
        let hasBody = held.readableBytes > 0 && !self.response.framing.isEmpty
        if let pipeline = self.responsePipeline {
            if hasBody { pipeline.write(held) }
            if self.isResponseEnded { pipeline.end() }
            return self.turnResponse()
        }
        let life = self.generation
        if hasBody { client.writeBody(held) }
        guard self.generation == life, self.stage == .responding else { return }
        if self.isResponseEnded { self.end(client) } else { self.waitForMore(client) }
    }

    func receive(responseBody chunk: ByteBuffer) {
        guard self.stage == .responding, let client = self.client else {
            if self.stage == .climbing { self.hold(chunk) }
            return
        }
        if let pipeline = self.responsePipeline {
            pipeline.write(chunk)
            return self.turnResponse()
        }
        client.writeBody(chunk)
        self.waitForMore(client)
    }

    func receiveResponseEnd(trailers: TrailerSection?) {
        self.upstream = nil
        self.isResponseEnded = true
        let trailers = trailers.flatMap { ForwardedFields.cleanResponseTrailers(of: self, $0) }
        switch self.stage {
        case .responding:
            self.responseTrailers = trailers
            if let pipeline = self.responsePipeline {
                pipeline.end()
                self.turnResponse()
            } else if let client = self.client {
                self.end(client)
            }
        case .climbing:
            // A hook that suspended the exchange holds the head. The end is written after it, even if the body is empty.
            self.usesBodies = true
            self.responseTrailers = trailers
            if case .collecting = self.halt { self.responseCollected(.whole(self.responseHeld)) }
        case .idle, .descending, .waiting, .flushing, .over: break
        }
    }

    /// The upstream has sent all that it has for now: the client sees it.
    func upstreamPaused() {
        if self.isCollectingNoLonger(at: self.worker.now) { return self.giveUpCollecting() }
        if let pipeline = self.responsePipeline, self.stage == .responding, self.flushesOnPause, !pipeline.hasWork {
            do throws(TransformError) {
                let output = try pipeline.pause()
                if output.readableBytes > 0 { self.client?.writeBody(output) }
            } catch {
                return self.abort(.gatewayError)
            }
        }
        self.client?.flush()
    }

    /// The client takes bytes again.
    func continueResponse() {
        if self.responsePipeline != nil { return self.worker.nextTurn(self) }
        self.waitForBody()
        self.upstream?.resumeReading()
    }

    private func waitForMore(_ client: any ClientStream) {
        if client.isWritable {
            self.waitForBody()
        } else {
            // From here on the client is waited for, and its connection has a deadline of its own for that.
            self.upstream?.pauseReading()
            self.stopWaiting()
        }
    }

    private func end(_ client: any ClientStream) {
        self.stopWaiting()
        client.writeEnd(of: self)
        self.stage = .flushing
        let life = self.generation
        client.flush()
        // A write that fails closes the connection within the flush; the exchange may live its next life by now.
        if self.generation == life, self.stage == .flushing, client.isWritable { self.finish(.complete) }
    }

    // MARK: Collecting

    /// What there is of the body for a hook that asked for so much of it, or nil where it has yet to come.
    func collectResponse(upTo limit: Int) -> CollectedBody? {
        self.usesBodies = true
        let held = self.responseHeld
        if self.isResponseEnded || self.response.framing.isEmpty {
            return held.readableBytes <= limit ? .whole(held) : .larger
        }
        if case .length(let length) = self.response.framing, length > limit { return .larger }
        if held.readableBytes > limit { return .larger }
        self.halt = .collecting(limit: limit)
        self.waitForBody()
        return nil
    }

    /// The hook that asked for the response's body does not wait for the rest of it.
    func isCollectingNoLonger(at now: NIODeadline) -> Bool {
        guard self.collectsUntil <= now, self.stage == .climbing, case .collecting = self.halt else { return false }
        return true
    }

    /// Has the hook go on without the body.
    func giveUpCollecting() {
        let life = self.generation
        self.responseCollected(.larger)
        if self.generation == life { self.client?.flush() }
    }

    private func hold(_ chunk: ByteBuffer) {
        self.usesBodies = true
        if self.responseHeld.readableBytes == 0 {
            self.responseHeld = chunk
        } else {
            self.responseHeld.writeImmutableBuffer(chunk)
        }
        guard case .collecting(let limit) = self.halt else { return }
        let isAwaited = self.responseHeld.readableBytes <= limit && self.worker.now <= self.collectsUntil
        if isAwaited { self.waitForBody() } else { self.responseCollected(.larger) }
    }

    /// Replaces the collected body and updates `Content-Length`. For response hooks that received the whole body.
    public func replaceBody(with body: ByteBuffer) {
        self.usesBodies = true
        self.responseHeld = body
        self.response.setLength(body.readableBytes, answering: self.request.method)
    }

    // MARK: Transforms

    func insertIntoResponse(_ transform: any BodyTransform) {
        guard !self.response.framing.isEmpty else {
            // The length that HEAD names is that of a body which would be another. A body that is empty stays so, and
            // without its length the client would wait for one.
            if self.request.method == .head { self.response.headers.remove(.contentLength) }
            return transform.cancel()
        }
        self.response.headers.remove(.contentLength)
        self.usesBodies = true
        if self.responsePipeline == nil {
            self.responsePipeline = BodyPipeline()
            // A body of known length comes without long pauses, and flushing costs it some of its compression.
            self.flushesOnPause = self.response.framing.isUnbounded
        }
        self.response.framing = .chunked
        ForwardedFields.rewriteTrailer(ofResponse: self)
        self.responsePipeline?.insert(transform)
    }

    /// Lets the response's transforms work once, and comes back for more in a later turn of the loop.
    func turnResponse() {
        guard let pipeline = self.responsePipeline, let client = self.client, self.stage == .responding else { return }
        let life = self.generation
        do throws(TransformError) {
            let output = try pipeline.turn()
            if output.readableBytes > 0 { client.writeBody(output) }
        } catch {
            return self.abort(.gatewayError)
        }
        guard self.generation == life, self.stage == .responding else { return }
        if pipeline.isFinished { return self.end(client) }
        if pipeline.hasWork {
            self.upstream?.pauseReading()
            self.stopWaiting()
            // What has not been flushed would never make it writable again, and nobody else may come to flush it: where
            // the answer has ended, the upstream's connection is another's by now.
            if client.isWritable { self.worker.nextTurn(self) } else { client.flush() }
        } else if pipeline.isFull {
            self.upstream?.pauseReading()
            self.waitForBody()
        } else {
            if client.isWritable { self.upstream?.resumeReading() }
            self.waitForMore(client)
        }
    }

    /// Forgets a response that another stands in for.
    func dropResponse() {
        self.responsePipeline?.cancel()
        self.responsePipeline = nil
        self.responseHeld = ByteBuffer()
        self.responseTrailers = nil
        self.isResponseEnded = false
        self.collectsUntil = .distantFuture
    }

    /// A later turn of the loop, for transforms that have work left.
    func takeTurn() {
        let life = self.generation
        self.turnResponse()
        guard self.generation == life else { return }
        self.upstreamPaused()
        guard self.generation == life else { return }
        self.turnRequest()
    }
}
