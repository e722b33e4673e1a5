import GatewayHTTP
import GatewayHTTP1
import GatewayWebSocket
package import NIOCore

/// Step 7: the response, from the top of the chain to the client.
extension ExchangeDriver {
    func startResponse() {
        let exchange = self.exchange
        guard let client = exchange.client else { return }
        exchange.state.startedResponse()
        exchange.firstByteAt = self.worker.now
        client.writeHead(of: exchange)
        guard exchange.holdsBodies else { return exchange.waitForBody() }
        if let upgrade = exchange.upgrade, exchange.response.status == 101 { return self.openTunnel(upgrade, client) }
        let held = exchange.responseBody.held
        exchange.responseBody.held = ByteBuffer()
        let hasBody = held.readableBytes > 0 && !exchange.response.framing.isEmpty
        if let pipeline = exchange.responseBody.pipeline {
            if hasBody { pipeline.write(held) }
            if exchange.state.isResponseEnded { pipeline.end() }
            return self.turnResponse()
        }
        let generation = exchange.generation
        if hasBody { client.writeBody(held) }
        guard exchange.generation == generation, exchange.state.stage == .responding else { return }
        if exchange.state.isResponseEnded { self.end(client) } else { self.waitForMore(client) }
    }

    package func receive(responseBody chunk: ByteBuffer) {
        let exchange = self.exchange
        switch exchange.state.responseBody() {
        case .write:
            guard let client = exchange.client else { return }
            if let pipeline = exchange.responseBody.pipeline {
                pipeline.write(chunk)
                return self.turnResponse()
            }
            client.writeBody(chunk)
            self.waitForMore(client)
        case .hold: self.hold(chunk)
        case .collect(let limit):
            self.hold(chunk)
            let isAwaited =
                exchange.responseBody.held.readableBytes <= limit
                && self.worker.now <= exchange.responseBody.collectsUntil
            if isAwaited { exchange.waitForBody() } else { self.responseCollected(.larger) }
        case .tunnel: self.receive(chunk, from: .upstream)
        case .drop: break
        }
    }

    func receiveResponseEnd(trailers: TrailerSection?) {
        let exchange = self.exchange
        exchange.upstream = nil
        let onEnd = exchange.state.responseEnded()
        if let trailers { self.keep(ForwardedFields.cleanResponseTrailers(of: exchange, trailers), onEnd) }
        switch onEnd {
        case .write:
            if let pipeline = exchange.responseBody.pipeline {
                pipeline.end()
                self.turnResponse()
            } else if let client = exchange.client {
                self.end(client)
            }
        // The end must follow the head, even if the body is empty.
        case .hold: exchange.holdsBodies = true
        case .collected:
            exchange.holdsBodies = true
            self.responseCollected(.whole(exchange.responseBody.held))
        case .tunnel: self.tunnelEnded(by: .upstream)
        case .drop: break
        }
    }

    private func keep(_ trailers: TrailerSection?, _ onEnd: ExchangeStateMachine.OnResponseEnd) {
        guard let trailers, onEnd != .drop else { return }
        self.exchange.holdsBodies = true
        self.exchange.responseBody.trailers = trailers
    }

    /// Flushes what was received when the upstream pauses, so that the client sees it without delay.
    func upstreamPaused() {
        let exchange = self.exchange
        if self.isCollectingNoLonger(at: self.worker.now) { return self.giveUpCollecting() }
        if let pipeline = exchange.responseBody.pipeline, exchange.state.stage == .responding,
            exchange.responseBody.flushesOnPause, !pipeline.hasWork
        {
            do throws(TransformError) {
                let output = try pipeline.pause()
                if output.readableBytes > 0 { exchange.client?.writeBody(output) }
            } catch {
                return self.abort(.gatewayError)
            }
        }
        exchange.client?.flush()
    }

    /// Called when the client accepts bytes again.
    package func clientWritable() {
        let exchange = self.exchange
        switch exchange.state.clientWritable() {
        case .finish: self.finish(exchange.upgrade?.outcome ?? exchange.responseBody.brokenOff ?? .complete)
        case .continueResponse:
            if exchange.responseBody.pipeline != nil { return self.worker.nextTurn(exchange) }
            exchange.waitForBody()
            exchange.upstream?.resumeReading()
        case .resumeUpstream: exchange.upstream?.resumeReading()
        case .ignore: break
        }
    }

    private func waitForMore(_ client: any ClientStream) {
        if client.isWritable {
            self.exchange.waitForBody()
        } else {
            // The connection has a separate deadline for a client that does not read.
            self.exchange.upstream?.pauseReading()
            self.exchange.stopWaiting()
        }
    }

    func end(_ client: any ClientStream) {
        let exchange = self.exchange
        exchange.stopWaiting()
        client.writeEnd(of: exchange)
        exchange.state.wroteLastByte()
        let generation = exchange.generation
        client.flush()
        // A failed write closes the connection during the flush, so the exchange may already have been reused.
        if exchange.generation == generation, exchange.state.stage == .flushing, client.isWritable {
            self.finish(exchange.responseBody.brokenOff ?? .complete)
        }
    }

    // MARK: Collecting

    /// Returns the body for a hook that asked for at most `limit` bytes, or nil if it has not been received yet.
    func collectResponse(upTo limit: Int) -> CollectedBody? {
        let exchange = self.exchange
        if exchange.isGRPC { return .larger }
        exchange.holdsBodies = true
        let held = exchange.responseBody.held
        if exchange.state.isResponseEnded || exchange.response.framing.isEmpty {
            return held.readableBytes <= limit ? .whole(held) : .larger
        }
        if case .length(let length) = exchange.response.framing, length > limit { return .larger }
        if held.readableBytes > limit { return .larger }
        exchange.state.collect(upTo: limit)
        exchange.waitForBody()
        return nil
    }

    /// Returns whether the hook that asked for the response body has stopped waiting for the rest of it.
    func isCollectingNoLonger(at now: NIODeadline) -> Bool {
        self.exchange.responseBody.collectsUntil <= now && self.exchange.state.isCollectingResponse
    }

    /// Lets the hook continue without the body.
    func giveUpCollecting() {
        let exchange = self.exchange
        let generation = exchange.generation
        self.responseCollected(.larger)
        if exchange.generation == generation { exchange.client?.flush() }
    }

    private func hold(_ chunk: ByteBuffer) {
        let exchange = self.exchange
        exchange.holdsBodies = true
        guard exchange.responseBody.held.readableBytes > 0 else {
            exchange.responseBody.held = chunk
            return
        }
        // Move the buffer out of the exchange, so that no access to the exchange overlaps the copy.
        var held = exchange.responseBody.held
        exchange.responseBody.held = ByteBuffer()
        held.writeImmutableBuffer(chunk)
        exchange.responseBody.held = held
    }

    // MARK: Transforms

    func insertIntoResponse(_ transform: any BodyTransform) {
        let exchange = self.exchange
        guard !exchange.response.framing.isEmpty else {
            // For HEAD, the length would be that of the untransformed body. Any other empty body stays empty, and
            // keeps the length that tells the client so.
            if exchange.request.method == .head { exchange.response.headers.remove(.contentLength) }
            return transform.cancel()
        }
        exchange.response.headers.remove(.contentLength)
        exchange.holdsBodies = true
        if exchange.responseBody.pipeline == nil {
            exchange.responseBody.pipeline = BodyPipeline()
            // A body of known length rarely pauses, and flushing makes compression less effective.
            exchange.responseBody.flushesOnPause = exchange.response.framing.isUnbounded
        }
        exchange.response.framing = .chunked
        ForwardedFields.rewriteTrailer(ofResponse: exchange)
        exchange.responseBody.pipeline?.insert(transform)
    }

    /// Runs the response's transforms once. If they have more work, they run again in a later turn of the event loop.
    func turnResponse() {
        let exchange = self.exchange
        guard let pipeline = exchange.responseBody.pipeline, let client = exchange.client,
            exchange.state.stage == .responding
        else { return }
        let generation = exchange.generation
        do throws(TransformError) {
            let output = try pipeline.turn()
            if output.readableBytes > 0 { client.writeBody(output) }
        } catch {
            return self.abort(.gatewayError)
        }
        guard exchange.generation == generation, exchange.state.stage == .responding else { return }
        if pipeline.isFinished { return self.end(client) }
        if pipeline.hasWork {
            exchange.upstream?.pauseReading()
            exchange.stopWaiting()
            // The client becomes writable only once these bytes are flushed, and nothing else may flush them: after
            // the end of the response, the upstream connection serves another exchange.
            if client.isWritable { self.worker.nextTurn(exchange) } else { client.flush() }
        } else if pipeline.isFull {
            exchange.upstream?.pauseReading()
            exchange.waitForBody()
        } else {
            if client.isWritable { exchange.upstream?.resumeReading() }
            self.waitForMore(client)
        }
    }

    /// Drops the body of a response that another one replaces.
    func dropResponse() {
        let exchange = self.exchange
        guard exchange.holdsBodies else { return }
        let source = exchange.responseBody.source
        exchange.responseBody.pipeline?.cancel()
        exchange.responseBody = Exchange.ResponseBody()
        exchange.responseBody.source = source
    }

    /// Runs transforms that have work left, in a later turn of the event loop.
    func takeTurn() {
        let generation = self.exchange.generation
        self.turnResponse()
        guard self.exchange.generation == generation else { return }
        self.upstreamPaused()
        guard self.exchange.generation == generation else { return }
        self.turnRequest()
    }

    /// Called when a `PacedTransform` has work to do.
    func transformReady(_ direction: BodyDirection) {
        let exchange = self.exchange
        self.worker.tick()
        let generation = exchange.generation
        switch direction {
        case .request:
            // An upstream that is not writable reports when it becomes writable.
            if exchange.upstream?.isWritable == true { self.turnRequest() }
        case .response:
            if exchange.client?.isWritable == true { self.turnResponse() }
            if exchange.generation == generation { exchange.client?.flush() }
        }
    }
}

/// Whether a body belongs to the request or the response.
package enum BodyDirection: Sendable {
    case request, response
}
