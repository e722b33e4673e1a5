import GatewayHTTP
import GatewayHTTP1
import GatewaySettings
import Logging
import NIOCore

/// What happens to an exchange, in this order:
///
/// begin → request hooks, down → the bottom of the chain (upstream, `respond`, `redirect`) → the response's head →
/// response hooks, up → head, body and end to the client → completion hooks → over.
///
/// A failure anywhere becomes a response at that place and climbs from there; once the head has gone to the client the
/// client is cut instead. What becomes of the bodies stands in `ExchangeDriver+RequestBody` and `+ResponseBody`.
extension Exchange {
    // MARK: Down

    /// The head has come and been taken apart. Body bytes follow through ``receive(body:)``.
    func begin() { self.descend() }

    private func descend() {
        let plan = self.plan
        while let index = self.cursor.nextDown(plan.chain.requestCount) {
            switch plan.chain.request(index, self) {
            case .next: continue
            case let decision: if !self.goesDown(after: decision, at: index) { return }
            }
        }
        self.reachBottom()
    }

    /// False where the walk turns or stands still.
    private func goesDown(after decision: Decision, at index: Int) -> Bool {
        switch decision {
        case .next, .retry: return true
        case .respond(let response): self.answer(response, from: self.plan.chain.requestPlaces[index])
        case .fail(let error): self.fail(error, from: self.plan.chain.requestPlaces[index])
        case .transform(let transform):
            self.insertIntoRequest(transform)
            return true
        case .collect(let limit):
            // Asked once more after it has been told, a hook means to go on.
            guard case .none = self.collected else { return true }
            guard let body = self.collectRequest(upTo: limit) else { return false }
            return self.goesDown(with: body)
        case .suspend: self.suspend()
        }
        return false
    }

    /// Tells the hook that asked for the body.
    private func goesDown(with body: CollectedBody) -> Bool {
        let index = self.cursor.currentDown
        self.collected = body
        let decision = self.plan.chain.request(index, self)
        defer { self.collected = .none }
        return self.goesDown(after: decision, at: index)
    }

    /// The body that a request hook waits for is there, or has become too large.
    func requestCollected(_ body: CollectedBody) {
        self.halt = .none
        self.stopWaiting()
        if self.goesDown(with: body) { self.descend() }
    }

    private func reachBottom() {
        let plan = self.plan
        self.stage = .waiting
        // `total` may have been set on the way down.
        self.deadlines.begin()
        if self.deadlines.total != nil { self.arm() }
        if let refusal = self.refusal { return self.fail(refusal.error, from: nil) }
        if self.needsUnencodedResponse { self.request.headers.remove(.acceptEncoding) }
        switch plan.action {
        case .upstream where self.isLastHop: self.answer(Response(status: 204), from: nil)
        case .upstream(let cluster): cluster.take(self)
        case .respond(let response): self.answer(response, from: nil)
        case .redirect(let template, _) where template.namesHost && self.clientHost.isEmpty:
            self.fail(GatewayError(.badRequest, detail: "The request has no Host to redirect to."), from: nil)
        case .redirect(let template, let status): self.answer(.redirect(template, status: status, for: self), from: nil)
        case .refuse: self.fail(GatewayError(.notFound), from: nil)
        }
    }

    // MARK: Standing still

    /// Returns the means to resume the exchange, for a hook that returns ``Decision/suspend``.
    public func resumption() -> Resumption {
        self.haltNumber &+= 1
        return Resumption(self, life: self.generation, number: self.haltNumber)
    }

    private func suspend() {
        self.halt = .suspended
        self.upstream?.pauseReading()
        // A forgotten resumption must not hold the client for ever.
        self.wait(for: .total, self.deadlines.firstByte)
    }

    func endHalt() {
        guard self.halt != .none else { return }
        self.halt = .none
        self.haltNumber &+= 1
    }

    func resume(life: UInt32, number: UInt32, _ decide: (Exchange) -> Decision) {
        guard self.generation == life, self.haltNumber == number, self.halt == .suspended else {
            self.worker.staleResumptions += 1
            return
        }
        self.worker.tick()
        self.endHalt()
        self.stopWaiting()
        let decision = decide(self)
        if self.stage == .descending {
            if self.goesDown(after: decision, at: self.cursor.currentDown) { self.descend() }
        } else {
            self.upstream?.resumeReading()
            if self.goesUp(after: decision, at: self.cursor.currentUp) { self.climb() }
        }
        if self.generation == life { self.client?.flush() }
    }

    /// Down again from below `place`, with the same request. False where it cannot be sent once more.
    private func retry(after delay: TimeAmount, below place: Int) -> Bool {
        guard self.stage != .responding, self.stage != .flushing, self.canSendRequestAgain else { return false }
        self.dropUpstream()
        self.dropResponse()
        self.upstreamCall.restart()
        self.requestHeld = self.collectedRequest ?? ByteBuffer()
        self.cursor.restart(below: place, among: self.plan.chain.requestPlaces)
        self.stage = .descending
        guard delay > .zero else {
            self.descend()
            return true
        }
        let resumption = self.resumption()
        self.suspend()
        self.worker.eventLoop.scheduleTask(in: delay) { resumption.resume() }
        return true
    }

    // MARK: The upstream's head

    /// 100 and 103 pass; what they announce is not waited for any longer because of them.
    func receiveInformational() {
        guard self.stage == .waiting else { return }
        ForwardedFields.cleanInformational(self)
        guard let client = self.client else { return }
        client.writeInformational(self.response)
        if self.response.status == 100 { self.request.expectsContinue = false }
        client.flush()
        // There is no end to how many an upstream may send.
        if self.client === client, !client.isWritable { self.upstream?.pauseReading() }
    }

    func receiveResponseHead() {
        guard self.stage == .waiting else { return }
        self.origin = .upstream
        ForwardedFields.cleanResponse(self)
        HashKey.setCookie(of: self)
        self.cursor.turn(from: nil, among: self.plan.chain.responsePlaces)
        self.climb()
    }

    /// The upstream is lost: before the head that is an error response, behind it the client must see a cut.
    func upstreamFailed(_ error: GatewayError) {
        self.upstream = nil
        switch self.stage {
        case .waiting, .climbing: self.fail(error, from: nil)
        case .responding:
            self.failure = error.failure
            self.abort(.upstreamReset)
        case .idle, .descending, .flushing, .over: break
        }
    }

    // MARK: Up

    /// Answers without an upstream; the response climbs from `place`, or from below all middlewares.
    func answer(_ response: Response, from place: Int?) {
        self.origin = .local
        self.errorCode = nil
        self.climb(with: response, from: place)
    }

    /// Makes the error's response and lets it climb from `place`, or from below all middlewares.
    func fail(_ error: GatewayError, from place: Int?) {
        self.endHalt()
        self.dropUpstream()
        var place = place
        var error = error
        let chain = self.plan.chain
        var cursor = ChainCursor()
        cursor.turn(from: place, among: chain.failurePlaces)
        while let index = cursor.nextUp() {
            switch chain.failureHooks[index].failure(error, self) {
            case .next, .transform, .collect, .suspend: continue
            case .respond(let response): return self.answer(response, from: chain.failurePlaces[index])
            case .fail(let other):
                error = other
                place = chain.failurePlaces[index]
            case .retry(let delay): if self.retry(after: delay, below: chain.failurePlaces[index]) { return }
            }
        }
        self.origin = .gateway
        self.errorCode = error.code
        self.failure = error.failure
        self.plan.meters.countError(error.code)
        if let reason = error.reason { self.worker.log.debug("\(error.code): \(reason)") }
        self.climb(with: ErrorResponse.make(error, for: self), from: place)
    }

    private func climb(with response: Response, from place: Int?) {
        self.stopWaiting()
        self.dropUpstream()
        self.dropResponse()
        self.response.fill(with: response, answering: self.request.method)
        self.usesBodies = true
        self.responseHeld = response.body
        self.isResponseEnded = true
        if let stream = self.localStream {
            self.localStream = nil
            if self.request.method != .head, !self.response.hasNoBody { self.response.framing = .chunked }
            self.insertIntoResponse(stream)
        }
        self.cursor.turn(from: place, among: self.plan.chain.responsePlaces)
        self.climb()
    }

    private func climb() {
        self.stage = .climbing
        let plan = self.plan
        while let index = self.cursor.nextUp() {
            switch plan.chain.response(index, self) {
            case .next: continue
            case let decision: if !self.goesUp(after: decision, at: index) { return }
            }
        }
        self.startResponse()
    }

    /// False where the walk turns or stands still.
    private func goesUp(after decision: Decision, at index: Int) -> Bool {
        switch decision {
        case .next: return true
        case .respond(let response): self.answer(response, from: self.plan.chain.responsePlaces[index])
        case .fail(let error): self.fail(error, from: self.plan.chain.responsePlaces[index])
        case .transform(let transform):
            self.insertIntoResponse(transform)
            return true
        case .collect(let limit):
            guard case .none = self.collected else { return true }
            guard let body = self.collectResponse(upTo: limit) else { return false }
            return self.goesUp(with: body)
        case .retry(let delay): return !self.retry(after: delay, below: self.plan.chain.responsePlaces[index])
        case .suspend: self.suspend()
        }
        return false
    }

    /// Tells the hook that asked for the body.
    private func goesUp(with body: CollectedBody) -> Bool {
        let index = self.cursor.currentUp
        self.collectsUntil = .distantFuture
        self.collected = body
        let decision = self.plan.chain.response(index, self)
        defer { self.collected = .none }
        return self.goesUp(after: decision, at: index)
    }

    /// The body that a response hook waits for is there, or has become too large.
    func responseCollected(_ body: CollectedBody) {
        self.halt = .none
        self.stopWaiting()
        if self.goesUp(with: body) { self.climb() }
    }

    // MARK: The client

    /// The client takes bytes again.
    func clientWritable() {
        switch self.stage {
        case .flushing: self.finish(.complete)
        case .responding: self.continueResponse()
        // It was paused by informational responses that the client did not take.
        case .waiting, .climbing: if self.halt != .suspended { self.upstream?.resumeReading() }
        case .idle, .descending, .over: break
        }
    }

    /// The client has left, or was cut for taking nothing.
    func clientGone(_ outcome: Outcome = .clientGone) {
        guard self.stage != .over else { return }
        self.finish(outcome)
    }

    // MARK: The end

    /// The gateway ends. Who has no answer yet is told so, any other is cut off.
    func drainTimeIsUp() {
        let life = self.generation
        switch self.stage {
        case .descending, .waiting, .climbing: self.fail(GatewayError(.draining, retryAfter: 1), from: nil)
        case .idle, .responding, .flushing, .over: break
        }
        // A middleware that takes its time about it is not waited for.
        if self.generation == life { self.abort(.gatewayError) }
    }

    private func dropUpstream() {
        self.upstreamCall.stopWaiting()
        guard let upstream = self.upstream else { return }
        self.upstream = nil
        upstream.cancel()
    }

    /// Cuts the client off: what it has got must not look whole.
    func abort(_ outcome: Outcome) {
        self.finish(outcome, cutting: true)
    }

    func finish(_ outcome: Outcome, cutting: Bool = false) {
        guard self.stage != .over, self.stage != .idle else { return }
        self.stage = .over
        if self.plan.chain.hasCompletionHooks { self.worker.tick() }
        // The connection closes within this call, and says so to an exchange that is over already.
        if cutting { self.client?.cut() }
        self.dropUpstream()
        self.requestPipeline?.cancel()
        self.responsePipeline?.cancel()
        self.deadlines.stopWaiting()
        self.plan.chain.complete(self, outcome)
        self.upstreamCall.end()
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
        if phase == .idle, self.isCollectingNoLonger(at: now) { return self.giveUpCollecting() }
        if case .connect = phase, self.stage == .waiting, self.upstreamCall.connectTimedOut() { return }
        self.plan.meters.countTimeout(phase)
        switch self.stage {
        case .responding, .flushing:
            if case .idle = phase, self.upstream != nil, self.isUpstreamLate { self.failure = .timeout }
            self.abort(.timedOut(phase))
        case .descending, .waiting, .climbing: self.fail(self.error(of: phase), from: nil)
        case .idle, .over: break
        }
    }

    /// Its body does not go on, or it does not take the request's, or does not say whether it wants that.
    private var isUpstreamLate: Bool {
        self.stage == .climbing || self.upstream?.isWritable == false
            || self.upstream != nil && self.request.expectsContinue
    }

    private func error(of phase: Deadlines.Phase) -> GatewayError {
        switch phase {
        case .queue: GatewayError(.overloaded, retryAfter: 1, reason: "no upstream connection became free")
        // Its connection timed out elsewhere; here it had not even an address to connect to.
        case .connect: .lookUpTimeout
        case .firstByte: .upstreamTimeout
        case .total: GatewayError(.deadlineExceeded)
        case .idle where self.isUpstreamLate: .upstreamTimeout
        // The request's own body did not go on.
        case .idle, .header, .write: GatewayError(.requestTimeout)
        }
    }
}

extension GatewayError {
    /// A client's message that could not be read.
    init(client error: MessageError) {
        switch error.code {
        case .startLineTooLong: self.init(.uriTooLong)
        case .headersTooLarge: self.init(.headersTooLarge)
        case .unsupportedVersion: self.init(.versionNotSupported)
        case .unsupportedCoding: self.init(.notImplemented, reason: error.reason)
        case .malformed, .truncated: self.init(.badRequest, reason: error.reason)
        }
    }
}
