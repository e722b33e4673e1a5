import GatewayHTTP
import GatewayHTTP1
import GatewaySettings
import Logging
import NIOCore

/// Drives an exchange through its steps:
///
/// 1. ``begin(from:at:isTrusted:since:)``: the request head was received. The driver identifies the client and finds
///    the route: `ExchangeDriver+Request.swift`.
/// 2. Down: the request hooks run in the order of the chain.
/// 3. The bottom of the chain: the request goes to the upstream, or the route answers it.
/// 4. The request body streams to the upstream: `ExchangeDriver+RequestBody.swift`.
/// 5. ``receiveResponseHead()``: the upstream's response head was received.
/// 6. Up: the response hooks run, in reverse order.
/// 7. Head, body and end of the response go to the client: `ExchangeDriver+ResponseBody.swift`.
/// 8. ``finish(_:cutting:)``: the completion hooks run, and the exchange is reused.
///
/// A failure at any step becomes a response there and climbs the rest of the chain. Once the client has received part
/// of the response, its connection is closed instead: `ExchangeDriver+Failure.swift`.
///
/// A write can close a connection and a hook can answer, so most calls may end the exchange before they return. Code
/// that continues after such a call checks ``Exchange/generation`` first.
package struct ExchangeDriver {
    let exchange: Exchange

    var worker: Worker { self.exchange.worker }

    // MARK: 2. Down

    func descend() {
        let plan = self.exchange.plan
        while let index = self.exchange.cursor.nextDown(plan.chain.requestCount) {
            switch plan.chain.request(index, self.exchange) {
            case .next: continue
            case let decision: if !self.goesDown(after: decision, at: index) { return }
            }
        }
        self.reachBottom()
    }

    /// Returns whether the walk continues: false if it turns or halts.
    private func goesDown(after decision: Decision, at index: Int) -> Bool {
        switch decision {
        case .next, .retry: return true
        case .respond(let response): self.answer(response, from: self.exchange.plan.chain.requestPlaces[index])
        case .fail(let error): self.fail(error, from: self.exchange.plan.chain.requestPlaces[index])
        case .transform(let transform):
            self.insertIntoRequest(transform)
            return true
        case .collect(let limit):
            // The hook already has the body, so asking for it again has no effect.
            guard case .none = self.exchange.collected else { return true }
            guard let body = self.collectRequest(upTo: limit) else { return false }
            return self.goesDown(with: body)
        case .suspend where self.exchange.hasAnswer:
            self.climbWithAnswer(from: self.exchange.plan.chain.requestPlaces[index])
        case .suspend: self.suspend()
        }
        return false
    }

    /// Calls the hook again, now with the body that it asked for.
    private func goesDown(with body: CollectedBody) -> Bool {
        let index = self.exchange.cursor.currentDown
        self.exchange.collected = body
        let decision = self.exchange.plan.chain.request(index, self.exchange)
        defer { self.exchange.collected = .none }
        return self.goesDown(after: decision, at: index)
    }

    /// Continues once the body that a request hook waits for is complete or too large.
    func requestCollected(_ body: CollectedBody) {
        self.exchange.state.collected()
        self.exchange.stopWaiting()
        if self.goesDown(with: body) { self.descend() }
    }

    // MARK: 3. The bottom of the chain

    private func reachBottom() {
        let exchange = self.exchange
        exchange.state.reachedBottom()
        self.worker.activity.note(.none)
        // A hook may have changed `total`.
        exchange.deadlines.begin()
        if exchange.deadlines.total != nil { exchange.arm() }
        if exchange.deadlines.perTry != nil, exchange.state.isRequestEnded { exchange.beginTry() }
        if let refusal = exchange.refusal { return self.fail(refusal.error, from: nil) }
        if exchange.needsUnencodedResponse { exchange.request.headers.remove(.acceptEncoding) }
        switch exchange.plan.action {
        case .upstream where exchange.isLastHop, .split where exchange.isLastHop:
            self.answer(Response(status: 204), from: nil)
        case .upstream(let upstream): upstream.take(exchange)
        case .split(let split): split.take(exchange)
        case .respond(let response): self.answer(response, from: nil)
        case .redirect(let template, _) where template.namesHost && exchange.clientHost.isEmpty:
            self.fail(GatewayError(.badRequest, detail: "The request has no Host to redirect to."), from: nil)
        case .redirect(let template, let status):
            self.answer(.redirect(template, status: status, for: exchange), from: nil)
        case .refuse: self.fail(GatewayError(.notFound), from: nil)
        }
    }

    /// Answers without an upstream. The response climbs from `place`, or from the bottom of the chain.
    package func answer(_ response: Response, from place: Int?) {
        let exchange = self.exchange
        exchange.origin = .local
        exchange.errorCode = nil
        guard exchange.isGRPC, response.status >= 400 else { return self.climb(with: response, from: place) }
        exchange.responseBody.source?.cancel()
        exchange.responseBody.source = nil
        self.climb(with: ErrorResponse.makeGRPC(response, for: exchange), from: place)
    }

    // MARK: 5. The upstream's head

    /// Forwards an informational response, such as 100 or 103, to the client. The response deadline does not change.
    func receiveInformational() {
        let exchange = self.exchange
        guard case .pass = exchange.state.informational() else { return }
        ForwardedFields.cleanInformational(exchange)
        guard let client = exchange.client else { return }
        client.writeInformational(exchange.response)
        if exchange.response.status == 100 { exchange.request.expectsContinue = false }
        client.flush()
        // An upstream may send any number of informational responses.
        if exchange.client === client, !client.isWritable { exchange.upstream?.pauseReading() }
    }

    func receiveResponseHead() {
        let exchange = self.exchange
        guard case .climb = exchange.state.responseHead() else { return }
        exchange.origin = .upstream
        exchange.deadlines.endTry()
        if let upgrade = exchange.upgrade, !self.accepts(upgrade) { return }
        ForwardedFields.cleanResponse(exchange)
        NewCookies.set(of: exchange)
        exchange.cursor.turn(from: nil, among: exchange.plan.chain.responsePlaces)
        self.climb()
    }

    // MARK: 6. Up

    func climb(with response: Response, from place: Int?) {
        let exchange = self.exchange
        exchange.stopWaiting()
        exchange.deadlines.endTry()
        self.dropUpstream()
        self.dropResponse()
        exchange.state.answered()
        exchange.response.fill(with: response, answering: exchange.request.method)
        // Clients of gRPC would see the length of a response without a body as metadata.
        if exchange.isGRPC, exchange.response.framing.isEmpty, exchange.client?.marksEnds == true {
            exchange.response.headers.remove(.contentLength)
        }
        exchange.holdsBodies = true
        exchange.responseBody.held = response.body
        if let source = exchange.responseBody.source {
            exchange.responseBody.source = nil
            if exchange.request.method != .head, !exchange.response.hasNoBody { exchange.response.framing = .chunked }
            self.insertIntoResponse(source)
        }
        exchange.cursor.turn(from: place, among: exchange.plan.chain.responsePlaces)
        self.climb()
    }

    func climb() {
        let plan = self.exchange.plan
        while let index = self.exchange.cursor.nextUp() {
            switch plan.chain.response(index, self.exchange) {
            case .next: continue
            case let decision: if !self.goesUp(after: decision, at: index) { return }
            }
        }
        self.worker.activity.note(.none)
        self.startResponse()
    }

    /// Returns whether the walk continues: false if it turns or halts.
    private func goesUp(after decision: Decision, at index: Int) -> Bool {
        switch decision {
        case .next: return true
        case .respond(let response): self.answer(response, from: self.exchange.plan.chain.responsePlaces[index])
        case .fail(let error): self.fail(error, from: self.exchange.plan.chain.responsePlaces[index])
        case .transform(let transform):
            self.insertIntoResponse(transform)
            return true
        case .collect(let limit):
            guard case .none = self.exchange.collected else { return true }
            guard let body = self.collectResponse(upTo: limit) else { return false }
            return self.goesUp(with: body)
        case .retry(let delay):
            let place = self.exchange.plan.chain.responsePlaces[index]
            return !self.retry(after: delay, below: place, because: .status(self.exchange.response.status))
        case .suspend: self.suspend()
        }
        return false
    }

    /// Calls the hook again, now with the body that it asked for.
    private func goesUp(with body: CollectedBody) -> Bool {
        let index = self.exchange.cursor.currentUp
        self.exchange.responseBody.collectsUntil = .distantFuture
        self.exchange.collected = body
        let decision = self.exchange.plan.chain.response(index, self.exchange)
        defer { self.exchange.collected = .none }
        return self.goesUp(after: decision, at: index)
    }

    /// Continues once the body that a response hook waits for is complete or too large.
    func responseCollected(_ body: CollectedBody) {
        self.exchange.state.collected()
        self.exchange.stopWaiting()
        if self.goesUp(with: body) { self.climb() }
    }

    // MARK: Halts

    private func suspend() {
        self.worker.activity.note(.none)
        let exchange = self.exchange
        exchange.state.suspend()
        exchange.upstream?.pauseReading()
        // A stream that answers in place of the upstream has limits of its own.
        let awaitsStream = exchange.state.stage == .descending && exchange.upstream != nil
        // A forgotten resumption must not hold the client forever.
        exchange.wait(for: .total, awaitsStream ? Deadlines.forever : exchange.deadlines.firstByte)
    }

    /// Continues with the decision of a ``Resumption``.
    func resume(generation: UInt32, halt: UInt32, _ decide: (Exchange) -> Decision) {
        let exchange = self.exchange
        let direction = exchange.generation == generation ? exchange.state.resume(halt) : .ignore
        switch direction {
        case .ignore:
            self.worker.staleResumptions += 1
            return
        case .down:
            self.worker.tick()
            exchange.stopWaiting()
            if self.goesDown(after: decide(exchange), at: exchange.cursor.currentDown) { self.descend() }
        case .up:
            self.worker.tick()
            exchange.stopWaiting()
            let decision = decide(exchange)
            exchange.upstream?.resumeReading()
            if self.goesUp(after: decision, at: exchange.cursor.currentUp) { self.climb() }
        }
        if exchange.generation == generation { exchange.client?.flush() }
    }

    /// Applies the decision of the middleware at `place`, which answered without waiting for the response to its
    /// request.
    func overtake(_ decision: Decision, from place: Int) {
        let exchange = self.exchange
        guard exchange.state.canAnswer else { return }
        self.worker.tick()
        exchange.state.endHalt()
        let generation = exchange.generation
        switch decision {
        case .respond(let response): self.answer(response, from: place)
        case .fail(let error): self.fail(error, from: place)
        case .next, .transform, .collect, .retry, .suspend:
            self.fail(GatewayError(.internalError, reason: "the response was passed on before it came"), from: place)
        }
        if exchange.generation == generation { exchange.client?.flush() }
    }

    // MARK: 8. The end

    /// Ends the exchange.
    ///
    /// - Parameter cutting: Whether to close the client's connection, so that what it received does not look complete.
    func finish(_ outcome: Outcome, cutting: Bool = false) {
        let exchange = self.exchange
        guard case .complete = exchange.state.finish() else { return }
        if exchange.plan.chain.hasCompletionHooks { self.worker.tick() }
        // The connection closes within this call and reports that to the exchange, which is already over.
        if cutting { exchange.client?.cut() }
        self.dropUpstream()
        exchange.requestBody.pipeline?.cancel()
        exchange.responseBody.pipeline?.cancel()
        exchange.deadlines.stopWaiting()
        if let upgrade = exchange.upgrade { self.ended(upgrade) }
        exchange.plan.chain.complete(exchange, outcome)
        if exchange.mayBeReported(outcome) { self.worker.reporter.report(exchange, outcome) }
        if exchange.mayBeKept(outcome) { self.worker.keeper.keep(exchange, outcome) }
        exchange.upstreamCall.end()
        let client = exchange.client
        exchange.client = nil
        client?.exchangeEnded(exchange)
        self.worker.recycle(exchange)
    }

    func dropUpstream() {
        self.exchange.upstreamCall.stopWaiting()
        guard let upstream = self.exchange.upstream else { return }
        self.exchange.upstream = nil
        upstream.cancel()
    }
}

extension Exchange {
    package var driver: ExchangeDriver { ExchangeDriver(exchange: self) }
}
