package import GatewayHTTP
import GatewayHTTP1
import GatewayWebSocket
package import NIOCore

/// Step 4: the request body, from the client to the upstream.
extension ExchangeDriver {
    package func receive(body chunk: ByteBuffer) {
        guard self.admits(chunk) else { return }
        let exchange = self.exchange
        switch exchange.state.requestBody() {
        case .collect(let limit): self.collect(chunk, upTo: limit)
        case .forward:
            guard let upstream = exchange.upstream else { return }
            guard let pipeline = exchange.requestBody.pipeline else { return self.forward(chunk, to: upstream) }
            pipeline.write(chunk)
            self.turnRequest()
        case .tunnel: self.receive(chunk, from: .client)
        case .drop: break
        }
    }

    package func receiveEnd(trailers: TrailerSection?) {
        let exchange = self.exchange
        let onEnd = exchange.state.requestEnded()
        if let trailers, let trailers = ForwardedFields.cleanTrailers(of: exchange, trailers) {
            exchange.holdsBodies = true
            exchange.requestBody.trailers = trailers
        }
        switch onEnd {
        case .collected:
            exchange.requestBody.collected = exchange.requestBody.held
            self.requestCollected(.whole(exchange.requestBody.held))
        case .forward:
            guard let upstream = exchange.upstream else { return }
            if let pipeline = exchange.requestBody.pipeline {
                pipeline.end()
                self.turnRequest()
            } else {
                self.endRequest(upstream)
            }
        case .tunnel: self.tunnelEnded(by: .client)
        }
    }

    /// Called when the head was written to `stream`. The body follows.
    func sent(to stream: any UpstreamStream) {
        let exchange = self.exchange
        exchange.upstream = stream
        exchange.upstreamCall.replay.replay(to: stream)
        if exchange.holdsBodies { return self.sendHeld(to: stream) }
        if exchange.state.isRequestEnded { return self.endRequest(stream) }
        exchange.waitForBody()
        // The part of the body that was already received is sent together with the head.
        exchange.client?.resumeRequestBody()
        stream.flush()
    }

    /// Sends the held part of the body and continues with the rest.
    private func sendHeld(to stream: any UpstreamStream) {
        let exchange = self.exchange
        let held = exchange.requestBody.held
        exchange.requestBody.held = ByteBuffer()
        if let pipeline = exchange.requestBody.pipeline {
            // The whole body was sent before and has just been replayed.
            if pipeline.isFinished { return self.endRequest(stream) }
            if held.readableBytes > 0 { pipeline.write(held) }
            if exchange.state.isRequestEnded { pipeline.end() }
            return self.turnRequest()
        }
        if held.readableBytes > 0 { self.forward(held, to: stream) }
        guard exchange.upstream === stream else { return }
        if exchange.state.isRequestEnded { return self.endRequest(stream) }
        exchange.waitForBody()
        if stream.isWritable { exchange.client?.resumeRequestBody() }
        stream.flush()
    }

    private func forward(_ chunk: ByteBuffer, to upstream: any UpstreamStream) {
        let exchange = self.exchange
        exchange.upstreamCall.replay.keep(chunk, if: upstream.mayBeSentAgain)
        exchange.requestBody.tee?.write(chunk)
        upstream.writeBody(chunk)
        // If the write fails, the request may have been sent to another stream already.
        guard exchange.upstream === upstream else { return }
        if exchange.state.stage == .waiting || exchange.deadlines.isWaiting(for: .idle) { exchange.waitForBody() }
        guard !upstream.isWritable else { return }
        // The upstream becomes writable only once these bytes are flushed.
        upstream.flush()
        if exchange.upstream === upstream, !upstream.isWritable { exchange.client?.pauseRequestBody() }
    }

    private func endRequest(_ upstream: any UpstreamStream) {
        let exchange = self.exchange
        exchange.requestBody.tee?.end()
        upstream.writeEnd(trailers: exchange.requestBody.trailers)
        // Start the wait before the flush, because a failed flush may end this exchange.
        if exchange.state.stage == .waiting {
            exchange.wait(for: .firstByte, exchange.deadlines.headLimit)
            if exchange.deadlines.perTry != nil, !exchange.deadlines.isInTry { exchange.beginTry() }
        }
        upstream.flush()
    }

    /// Called when the upstream accepts more of the body.
    func upstreamWritable() {
        let exchange = self.exchange
        guard exchange.state.stage != .over else { return }
        if exchange.requestBody.pipeline != nil { return self.turnRequest() }
        if !exchange.state.isRequestEnded { exchange.client?.resumeRequestBody() }
    }

    /// Counts the bytes of a body of unknown length. Returns false if the body exceeds its limit.
    private func admits(_ chunk: ByteBuffer) -> Bool {
        let exchange = self.exchange
        guard let allowance = exchange.requestBody.allowance else { return true }
        exchange.requestBody.allowance = allowance - chunk.readableBytes
        guard allowance < chunk.readableBytes else { return true }
        // Report the error only once: the rest of the body must not affect the response.
        exchange.requestBody.allowance = nil
        switch exchange.state.requestTooLarge() {
        case .answer: self.fail(GatewayError(.payloadTooLarge), from: nil)
        case .cut: self.abort(.gatewayError)
        case .ignore: break
        }
        return false
    }

    // MARK: Collecting

    /// Returns the body for a hook that asked for at most `limit` bytes, or nil if it has not been received yet.
    func collectRequest(upTo limit: Int) -> CollectedBody? {
        let exchange = self.exchange
        // A stream may wait for an answer before it continues.
        if exchange.isGRPC { return .larger }
        exchange.holdsBodies = true
        let held = exchange.requestBody.held.readableBytes
        if exchange.state.isRequestEnded {
            exchange.requestBody.collected = exchange.requestBody.held
            return held <= limit ? .whole(exchange.requestBody.held) : .larger
        }
        if case .length(let length) = exchange.request.framing, length > limit { return .larger }
        if held > limit { return .larger }
        exchange.state.collect(upTo: limit)
        exchange.waitForBody()
        if exchange.request.expectsContinue { self.sendContinue() }
        exchange.client?.resumeRequestBody()
        return nil
    }

    private func collect(_ chunk: ByteBuffer, upTo limit: Int) {
        let exchange = self.exchange
        // Move the buffer out of the exchange, so that no access to the exchange overlaps the copy.
        var held = exchange.requestBody.held
        exchange.requestBody.held = ByteBuffer()
        held.writeImmutableBuffer(chunk)
        exchange.requestBody.held = held
        guard held.readableBytes > limit else { return exchange.waitForBody() }
        exchange.client?.pauseRequestBody()
        self.requestCollected(.larger)
    }

    /// Sends a 100 to a client that holds back its body (RFC 9110 section 10.1.1), because the gateway needs the body.
    func sendContinue() {
        let exchange = self.exchange
        exchange.request.headers.remove(.expect)
        exchange.response.headers.clear()
        exchange.response.status = 100
        exchange.response.framing = .none
        exchange.client?.writeInformational(exchange.response)
        exchange.request.expectsContinue = false
        exchange.client?.flush()
    }

    /// Replaces the body before it is sent upstream.
    func replaceRequestBody(with body: ByteBuffer) {
        let exchange = self.exchange
        guard exchange.state.isRequestEnded else { return self.insertIntoRequest(ReplacedBody(body)) }
        exchange.holdsBodies = true
        exchange.requestBody.held = body
        exchange.requestBody.collected = body
        exchange.request.headers.remove(.contentLength)
        exchange.request.framing = body.readableBytes > 0 ? .length(body.readableBytes) : .none
        if body.readableBytes > 0 {
            exchange.request.headers.add(HeaderName(.contentLength)) { $0.write(decimal: body.readableBytes) }
        }
    }

    // MARK: Transforms

    func insertIntoRequest(_ transform: any BodyTransform) {
        let exchange = self.exchange
        guard !exchange.request.framing.isEmpty else { return transform.cancel() }
        exchange.holdsBodies = true
        exchange.request.headers.remove(.contentLength)
        exchange.request.framing = .chunked
        if exchange.requestBody.pipeline == nil { exchange.requestBody.pipeline = BodyPipeline() }
        exchange.requestBody.pipeline?.insert(transform)
    }

    /// Runs the request's transforms once. If they have more work, they run again in a later turn of the event loop.
    func turnRequest() {
        let exchange = self.exchange
        guard let pipeline = exchange.requestBody.pipeline, let upstream = exchange.upstream else { return }
        guard !pipeline.isFinished else { return }
        do throws(TransformError) {
            let output = try pipeline.turn()
            if output.readableBytes > 0 { self.forward(output, to: upstream) }
        } catch {
            switch exchange.state.requestFailed() {
            case .answer: self.fail(error.error, from: nil)
            case .cut: self.abort(.gatewayError)
            case .ignore: break
            }
            return
        }
        guard exchange.upstream === upstream else { return }
        if pipeline.isFinished { return self.endRequest(upstream) }
        if pipeline.hasWork {
            exchange.client?.pauseRequestBody()
            if upstream.isWritable { self.worker.nextTurn(exchange) }
        } else if pipeline.isFull {
            exchange.client?.pauseRequestBody()
            if exchange.state.stage == .waiting { exchange.waitForBody() }
        } else if upstream.isWritable {
            exchange.client?.resumeRequestBody()
        }
        upstream.flush()
    }
}

/// Drops a body that is still being received and writes another one when it ends.
private final class ReplacedBody: BodyTransform {
    private let body: ByteBuffer
    init(_ body: ByteBuffer) { self.body = body }

    var rank: BodyRank { .rewrite }
    package func write(_ chunk: inout ByteBuffer, to sink: inout BodySink) { chunk = ByteBuffer() }
    func end(to sink: inout BodySink) { sink.write(self.body) }
}
