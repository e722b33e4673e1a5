import GatewayHTTP1
import Logging
import NIOCore

/// What happens to an exchange, in this order:
///
/// begin → request hooks, down → the bottom of the chain (upstream, `respond`, `redirect`) → the response's head →
/// response hooks, up → head, body and end to the client → completion hooks → over.
///
/// A failure anywhere becomes a response at that place and climbs from there; once the head has gone to the client the
/// client is cut instead.
extension Exchange {
    // MARK: Down

    /// The head has come and been taken apart. Body bytes follow through ``receive(body:)``.
    func begin() {
        self.descend()
    }

    private func descend() {
        let plan = self.plan
        while let index = self.cursor.nextDown(plan.chain.requestHooks.count) {
            switch plan.chain.requestHooks[index].request(self) {
            case .next: continue
            case .respond(let response): return self.answer(response, from: plan.chain.requestPlaces[index])
            case .fail(let error): return self.fail(error, from: plan.chain.requestPlaces[index])
            }
        }
        self.stage = .waiting
        // `total` may have been set on the way down.
        self.deadlines.begin(at: self.startedAt)
        if self.deadlines.total != nil { self.arm() }
        if let refusal = self.refusal { return self.fail(refusal.error, from: nil) }
        switch plan.action {
        case .upstream(let cluster): cluster.take(self)
        case .respond(let response): self.answer(response, from: nil)
        case .redirect(let template, let status): self.answer(.redirect(template, status: status, for: self), from: nil)
        case .refuse: self.fail(GatewayError(.notFound), from: nil)
        }
    }

    // MARK: The request's body

    func receive(body chunk: ByteBuffer) {
        guard let upstream = self.upstream, self.stage != .over else { return }
        self.replay.keep(chunk, if: upstream.mayBeStale)
        upstream.writeBody(chunk)
        if self.stage == .waiting { self.wait(for: .idle, self.deadlines.idle) }
        guard !upstream.isWritable else { return }
        // What has not been flushed would never make it writable again.
        upstream.flush()
        if !upstream.isWritable { self.client?.pauseRequestBody() }
    }

    func receiveEnd(trailers: TrailerSection?) {
        self.isRequestEnded = true
        guard let upstream = self.upstream else { return }
        upstream.writeEnd(trailers: trailers)
        if self.stage == .waiting { self.wait(for: .firstByte, self.deadlines.firstByte) }
        upstream.flush()
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
    func receive(error: HTTP1Error) {
        self.isRequestEnded = true
        switch self.stage {
        case .responding, .flushing: self.abort(.gatewayError)
        case .idle, .descending, .waiting, .climbing, .over: self.fail(GatewayError(client: error), from: nil)
        }
    }

    // MARK: The upstream

    /// A stream has been found, and the head written to it.
    func sent(to stream: any UpstreamStream) {
        self.upstream = stream
        self.attempts += 1
        self.sentUpstreamAt = self.worker.now
        self.replay.replay(to: stream)
        if self.isRequestEnded {
            stream.writeEnd(trailers: nil)
            // First, since a flush that fails may end this exchange and begin its next life.
            self.wait(for: .firstByte, self.deadlines.firstByte)
            stream.flush()
        } else {
            self.wait(for: .idle, self.deadlines.idle)
            // What has come of the body goes out with the head.
            self.client?.resumeRequestBody()
            stream.flush()
        }
    }

    /// The upstream's buffer has room again.
    func upstreamWritable() {
        guard self.stage != .over, !self.isRequestEnded else { return }
        self.client?.resumeRequestBody()
    }

    /// 100 and 103 pass; what they announce is not waited for any longer because of them.
    func receiveInformational() {
        guard self.stage == .waiting else { return }
        ForwardedFields.cleanResponse(self)
        self.client?.writeInformational(self.response)
        self.client?.flush()
    }

    func receiveResponseHead() {
        guard self.stage == .waiting else { return }
        self.firstByteAt = self.worker.now
        ForwardedFields.cleanResponse(self)
        HashKey.setCookie(of: self)
        self.cursor.turn(from: nil, among: self.plan.chain.responsePlaces)
        self.climb(isLocal: false)
    }

    func receive(responseBody chunk: ByteBuffer) {
        guard self.stage == .responding, let client = self.client else { return }
        client.writeBody(chunk)
        if client.isWritable {
            self.wait(for: .idle, self.deadlines.idle)
        } else {
            // From here on the client is waited for, and its connection has a deadline of its own for that.
            self.upstream?.pauseReading()
            self.stopWaiting()
        }
    }

    func receiveResponseEnd(trailers: TrailerSection?) {
        self.upstream = nil
        self.upstreamEndedAt = self.worker.now
        guard self.stage == .responding, let client = self.client else { return }
        self.responseTrailers = trailers
        self.end(client)
    }

    /// The upstream is lost: before the head that is an error response, behind it the client must see a cut.
    func upstreamFailed(_ error: GatewayError) {
        self.upstream = nil
        switch self.stage {
        case .waiting: self.fail(error, from: nil)
        case .responding: self.abort(.upstreamReset)
        case .idle, .descending, .climbing, .flushing, .over: break
        }
    }

    // MARK: Up

    /// Answers without an upstream; the response climbs from `place`, or from below all middlewares.
    func answer(_ response: Response, from place: Int?) {
        self.stopWaiting()
        self.cursor.turn(from: place, among: self.plan.chain.responsePlaces)
        self.response.fill(with: response, answering: self.request.method)
        self.climb(isLocal: true, body: response.body)
    }

    /// Makes the error's response and lets it climb from `place`, or from below all middlewares.
    func fail(_ error: GatewayError, from place: Int?) {
        self.dropUpstream()
        var place = place
        var error = error
        let chain = self.plan.chain
        var cursor = ChainCursor()
        cursor.turn(from: place, among: chain.failurePlaces)
        while let index = cursor.nextUp() {
            switch chain.failureHooks[index].failure(error, self) {
            case .next: continue
            case .respond(let response): return self.answer(response, from: chain.failurePlaces[index])
            case .fail(let other):
                error = other
                place = chain.failurePlaces[index]
            }
        }
        self.errorCode = error.code
        self.plan.meters.countError(error.code)
        if let reason = error.reason { self.worker.log.debug("\(error.code): \(reason)") }
        self.answer(ErrorResponse.make(error, for: self), from: place)
    }

    private func climb(isLocal: Bool, body: ByteBuffer = ByteBuffer()) {
        self.stage = .climbing
        var body = body
        var isLocal = isLocal
        let plan = self.plan
        while let index = self.cursor.nextUp() {
            switch plan.chain.responseHooks[index].response(self) {
            case .next: continue
            case .respond(let response):
                self.dropUpstream()
                self.errorCode = nil
                self.response.fill(with: response, answering: self.request.method)
                body = response.body
                isLocal = true
            case .fail(let error):
                self.dropUpstream()
                self.errorCode = error.code
                plan.meters.countError(error.code)
                let response = ErrorResponse.make(error, for: self)
                self.response.fill(with: response, answering: self.request.method)
                body = response.body
                isLocal = true
            }
        }
        guard let client = self.client else { return }
        self.stage = .responding
        if self.firstByteAt == nil { self.firstByteAt = self.worker.now }
        client.writeHead(of: self)
        guard isLocal else {
            self.wait(for: .idle, self.deadlines.idle)
            return
        }
        if body.readableBytes > 0, !self.response.framing.isEmpty { client.writeBody(body) }
        self.end(client)
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

    // MARK: The client

    /// The client takes bytes again.
    func clientWritable() {
        switch self.stage {
        case .flushing: self.finish(.complete)
        case .responding:
            self.wait(for: .idle, self.deadlines.idle)
            self.upstream?.resumeReading()
        case .idle, .descending, .waiting, .climbing, .over: break
        }
    }

    /// The client has left, or was cut for taking nothing.
    func clientGone(_ outcome: Outcome = .clientGone) {
        guard self.stage != .over else { return }
        self.finish(outcome)
    }

    // MARK: The end

    private func dropUpstream() {
        self.pool?.stopWaiting(self)
        guard let upstream = self.upstream else { return }
        self.upstream = nil
        upstream.cancel()
    }

    /// Cuts the client off: what it has got must not look whole.
    private func abort(_ outcome: Outcome) {
        self.finish(outcome, cutting: true)
    }

    private func finish(_ outcome: Outcome, cutting: Bool = false) {
        guard self.stage != .over, self.stage != .idle else { return }
        self.stage = .over
        if !self.plan.chain.completionHooks.isEmpty { self.worker.tick() }
        // The connection closes within this call, and says so to an exchange that is over already.
        if cutting { self.client?.cut() }
        self.dropUpstream()
        self.deadlines.stopWaiting()
        for hook in self.plan.chain.completionHooks { hook.complete(self, outcome) }
        self.pool?.finished(self)
        let client = self.client
        self.client = nil
        client?.exchangeEnded(self)
        self.worker.recycle(self)
    }
}

extension Exchange: DeadlineOwner {
    /// The wheel's call: something has been waited for too long.
    func deadlineReached(now: NIODeadline) {
        self.worker.tick()
        self.disarmed()
        guard self.stage != .idle, self.stage != .over else { return }
        guard let phase = self.deadlines.expired(at: now) else { return self.arm() }
        self.deadlines.stopWaiting()
        self.plan.meters.countTimeout(phase)
        switch self.stage {
        case .responding, .flushing, .climbing: self.abort(.timedOut(phase))
        case .descending, .waiting: self.fail(self.error(of: phase), from: nil)
        case .idle, .over: break
        }
    }

    private func error(of phase: Deadlines.Phase) -> GatewayError {
        switch phase {
        case .queue: GatewayError(.overloaded, retryAfter: 1, reason: "no upstream connection became free")
        case .connect: GatewayError(.connectTimeout)
        case .firstByte: GatewayError(.upstreamTimeout)
        case .total: GatewayError(.deadlineExceeded)
        // The request's own body did not go on.
        case .idle, .header, .write: GatewayError(.requestTimeout)
        }
    }
}

extension GatewayError {
    /// A client's message that could not be read.
    init(client error: HTTP1Error) {
        switch error.code {
        case .startLineTooLong: self.init(.uriTooLong)
        case .headersTooLarge: self.init(.headersTooLarge)
        case .unsupportedVersion: self.init(.versionNotSupported)
        case .malformed, .truncated: self.init(.badRequest, reason: error.reason)
        }
    }
}
