import GatewayHTTP
import GatewayHTTP1
import NIOCore

/// The request's body, from the client to the upstream.
extension Exchange {
    func receive(body chunk: ByteBuffer) {
        guard self.admits(chunk) else { return }
        if case .collecting(let limit) = self.halt, self.stage == .descending {
            self.requestHeld.writeImmutableBuffer(chunk)
            guard self.requestHeld.readableBytes > limit else { return self.waitForBody() }
            self.client?.pauseRequestBody()
            return self.requestCollected(.larger)
        }
        guard let upstream = self.upstream, self.stage != .over else { return }
        guard let pipeline = self.requestPipeline else { return self.forward(chunk, to: upstream) }
        pipeline.write(chunk)
        self.turnRequest()
    }

    func receiveEnd(trailers: TrailerSection?) {
        self.isRequestEnded = true
        if let trailers, let trailers = ForwardedFields.cleanTrailers(of: self, trailers) {
            self.usesBodies = true
            self.requestTrailers = trailers
        }
        if case .collecting = self.halt, self.stage == .descending {
            self.collectedRequest = self.requestHeld
            return self.requestCollected(.whole(self.requestHeld))
        }
        guard let upstream = self.upstream else { return }
        if let pipeline = self.requestPipeline {
            pipeline.end()
            self.turnRequest()
        } else {
            self.endRequest(upstream)
        }
    }

    /// A stream has been found, and the head written to it.
    func sent(to stream: any UpstreamStream) {
        self.upstream = stream
        self.upstreamCall.replay.replay(to: stream)
        if self.usesBodies { return self.sendHeld(to: stream) }
        if self.isRequestEnded { return self.endRequest(stream) }
        self.waitForBody()
        // What has come of the body goes out with the head.
        self.client?.resumeRequestBody()
        stream.flush()
    }

    /// Sends what has been collected, and goes on with what is still to come.
    private func sendHeld(to stream: any UpstreamStream) {
        let held = self.requestHeld
        self.requestHeld = ByteBuffer()
        if let pipeline = self.requestPipeline {
            // All of it went out before, and is sent once more.
            if pipeline.isFinished { return self.endRequest(stream) }
            if held.readableBytes > 0 { pipeline.write(held) }
            if self.isRequestEnded { pipeline.end() }
            return self.turnRequest()
        }
        if held.readableBytes > 0 { self.forward(held, to: stream) }
        if self.isRequestEnded { return self.endRequest(stream) }
        self.waitForBody()
        if stream.isWritable { self.client?.resumeRequestBody() }
        stream.flush()
    }

    private func forward(_ chunk: ByteBuffer, to upstream: any UpstreamStream) {
        self.upstreamCall.replay.keep(chunk, if: upstream.mayBeSentAgain)
        upstream.writeBody(chunk)
        if self.stage == .waiting || self.deadlines.isWaiting(for: .idle) { self.waitForBody() }
        guard !upstream.isWritable else { return }
        // What has not been flushed would never make it writable again.
        upstream.flush()
        if !upstream.isWritable { self.client?.pauseRequestBody() }
    }

    private func endRequest(_ upstream: any UpstreamStream) {
        upstream.writeEnd(trailers: self.requestTrailers)
        // First, since a flush that fails may end this exchange and begin its next life.
        if self.stage == .waiting { self.wait(for: .firstByte, self.deadlines.firstByte) }
        upstream.flush()
    }

    /// The upstream's buffer has room again.
    func upstreamWritable() {
        guard self.stage != .over else { return }
        if self.requestPipeline != nil { return self.turnRequest() }
        if !self.isRequestEnded { self.client?.resumeRequestBody() }
    }

    // MARK: Collecting

    /// What there is of the body for a hook that asked for so much of it, or nil where it has yet to come.
    func collectRequest(upTo limit: Int) -> CollectedBody? {
        self.usesBodies = true
        if self.isRequestEnded {
            self.collectedRequest = self.requestHeld
            return self.requestHeld.readableBytes <= limit ? .whole(self.requestHeld) : .larger
        }
        if case .length(let length) = self.request.framing, length > limit { return .larger }
        if self.requestHeld.readableBytes > limit { return .larger }
        self.halt = .collecting(limit: limit)
        self.waitForBody()
        if self.request.expectsContinue { self.sendContinue() }
        self.client?.resumeRequestBody()
        return nil
    }

    /// Tells the client to send the body that it holds back (RFC 9110 section 10.1.1), since the gateway itself wants it.
    func sendContinue() {
        self.request.headers.remove(.expect)
        self.response.headers.clear()
        self.response.status = 100
        self.response.framing = .none
        self.client?.writeInformational(self.response)
        self.request.expectsContinue = false
        self.client?.flush()
    }

    /// Nothing of the body is lost to a further try.
    var canSendRequestAgain: Bool {
        self.request.framing.isEmpty || (self.collectedRequest != nil && self.requestPipeline == nil)
    }

    // MARK: Transforms

    func insertIntoRequest(_ transform: any BodyTransform) {
        guard !self.request.framing.isEmpty else { return transform.cancel() }
        self.usesBodies = true
        self.request.headers.remove(.contentLength)
        self.request.framing = .chunked
        if self.requestPipeline == nil { self.requestPipeline = BodyPipeline() }
        self.requestPipeline?.insert(transform)
    }

    /// Lets the request's transforms work once, and comes back for more in a later turn of the loop.
    func turnRequest() {
        guard let pipeline = self.requestPipeline, let upstream = self.upstream else { return }
        guard !pipeline.isFinished else { return }
        do throws(TransformError) {
            let output = try pipeline.turn()
            if output.readableBytes > 0 { self.forward(output, to: upstream) }
        } catch {
            return self.stage == .responding || self.stage == .flushing
                ? self.abort(.gatewayError) : self.fail(error.error, from: nil)
        }
        guard self.upstream === upstream else { return }
        if pipeline.isFinished { return self.endRequest(upstream) }
        if pipeline.hasWork {
            self.client?.pauseRequestBody()
            if upstream.isWritable { self.worker.nextTurn(self) }
        } else if pipeline.isFull {
            self.client?.pauseRequestBody()
            if self.stage == .waiting { self.waitForBody() }
        } else if upstream.isWritable {
            self.client?.resumeRequestBody()
        }
        upstream.flush()
    }

    // MARK: What goes wrong

    /// Counts a body of unknown length; false where it has become larger than it may be.
    private func admits(_ chunk: ByteBuffer) -> Bool {
        guard let rest = self.requestBodyRest else { return true }
        self.requestBodyRest = rest - chunk.readableBytes
        guard rest < chunk.readableBytes else { return true }
        // Once: what still comes must not stop the answer.
        self.requestBodyRest = nil
        switch self.stage {
        case .responding: self.abort(.gatewayError)
        case .descending, .waiting, .climbing: self.fail(GatewayError(.payloadTooLarge), from: nil)
        case .idle, .flushing, .over: break
        }
        return false
    }

    /// The client sends its body slower than it may.
    func requestTooSlow() {
        self.plan.meters.countTimeout(.idle)
        switch self.stage {
        case .responding, .flushing: self.abort(.timedOut(.idle))
        case .idle, .descending, .waiting, .climbing, .over: self.fail(GatewayError(.requestTimeout), from: nil)
        }
    }

    /// The client's framing broke inside the body.
    func receive(error: MessageError) {
        self.isRequestEnded = true
        switch self.stage {
        case .responding, .flushing: self.abort(.gatewayError)
        case .idle, .descending, .waiting, .climbing, .over: self.fail(GatewayError(client: error), from: nil)
        }
    }
}
