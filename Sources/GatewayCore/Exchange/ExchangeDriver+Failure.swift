package import GatewayHTTP
import GatewayHTTP1
import Logging
import NIOCore

/// The ways in which an exchange ends early: errors, missed deadlines, lost connections and shutdown.
extension ExchangeDriver {
    /// Turns an error into a response that climbs from `place`, or from the bottom of the chain if `place` is nil. The
    /// failure hooks above `place` run first.
    package func fail(_ error: GatewayError, from place: Int?) {
        let exchange = self.exchange
        exchange.state.endHalt()
        self.dropUpstream()
        var place = place
        var error = error
        let chain = exchange.plan.chain
        var cursor = ChainCursor()
        cursor.turn(from: place, among: chain.failurePlaces)
        while let index = cursor.nextUp() {
            switch chain.failureHooks[index].failure(error, exchange) {
            case .next, .transform, .collect, .suspend: continue
            case .respond(let response): return self.answer(response, from: chain.failurePlaces[index])
            case .fail(let other):
                error = other
                place = chain.failurePlaces[index]
            case .retry(let delay):
                let failure = error.failure.map { UpstreamTry.Failure.upstream($0) }
                if self.retry(after: delay, below: chain.failurePlaces[index], because: failure) { return }
            }
        }
        exchange.origin = .gateway
        exchange.errorCode = error.code
        exchange.failure = error.failure
        if exchange.plan.isInner { return self.failInner(error) }
        exchange.plan.meters.countError(error.code)
        if let reason = error.reason { self.worker.log.debug("\(error.code): \(reason)") }
        self.climb(with: ErrorResponse.make(error, for: exchange), from: place)
    }

    /// Ends an exchange whose client has received part of the response, so that this part does not look complete: with
    /// trailers that have the status of the failed gRPC call, or by closing the client's connection.
    func abort(_ outcome: Outcome) {
        guard let client = self.exchange.client, self.endsWithStatus(client) else {
            return self.finish(outcome, cutting: true)
        }
        let exchange = self.exchange
        self.dropUpstream()
        exchange.responseBody.pipeline?.cancel()
        exchange.responseBody.pipeline = nil
        exchange.holdsBodies = true
        exchange.responseBody.brokenOff = outcome
        exchange.responseBody.trailers = ErrorResponse.grpcTrailers(
            outcome,
            isDraining: self.worker.shared.isDraining
        )
        self.end(client)
    }

    /// Whether the status of a gRPC call can still follow what was sent. Clients of gRPC-Web look for it in the body,
    /// between two messages.
    private func endsWithStatus(_ client: any ClientStream) -> Bool {
        let exchange = self.exchange
        return exchange.grpc == .native && exchange.state.stage == .responding && client.marksEnds
            && exchange.response.framing.isUnbounded
    }

    // MARK: The upstream

    /// Called when the upstream fails. Answers with an error if no part of the response was sent; otherwise closes the
    /// client's connection.
    func upstreamFailed(_ error: GatewayError) {
        self.exchange.upstream = nil
        self.exchange.upstreamCall.failed(error.failure, at: self.worker.now)
        switch self.exchange.state.upstreamFailed() {
        case .answer: self.fail(error, from: nil)
        case .cut:
            self.exchange.failure = error.failure
            self.abort(.upstreamReset)
        case .ignore: break
        }
    }

    // MARK: The client

    /// Called when the client has left, or was disconnected because it does not read.
    package func clientGone(_ outcome: Outcome = .clientGone) { self.finish(outcome) }

    /// Called when the client does not read a stream of the gateway.
    package func clientStalled() {
        self.exchange.plan.meters.countTimeout(.write)
        self.abort(.timedOut(.write))
    }

    /// Called when the client sends its body too slowly.
    func requestTooSlow() {
        self.exchange.plan.meters.countTimeout(.idle)
        switch self.exchange.state.requestFailed() {
        case .answer: self.fail(GatewayError(.requestTimeout), from: nil)
        case .cut: self.abort(.timedOut(.idle))
        case .ignore: break
        }
    }

    /// Called when the framing of the request body is malformed.
    package func receive(error: MessageError) {
        self.exchange.state.abandonRequest()
        switch self.exchange.state.requestFailed() {
        case .answer: self.fail(GatewayError(client: error), from: nil)
        case .cut: self.abort(.gatewayError)
        case .ignore: break
        }
    }

    // MARK: Time

    /// Called by the deadline wheel.
    func deadlineReached(now: NIODeadline) {
        let exchange = self.exchange
        self.worker.tick()
        exchange.disarmed()
        let onFailure = exchange.state.requestFailed()
        guard onFailure != .ignore else { return }
        if exchange.state.stage == .tunnel { return self.tunnelDeadlineReached(now: now) }
        guard let phase = exchange.deadlines.expired(at: now) else { return exchange.arm() }
        let isUpstreamLate = self.isLate(upstream: phase)
        exchange.deadlines.stopWaiting()
        if phase == .idle, self.isCollectingNoLonger(at: now) { return self.giveUpCollecting() }
        if case .connect = phase, exchange.state.stage == .waiting, exchange.upstreamCall.connectTimedOut() { return }
        exchange.plan.meters.countTimeout(phase)
        if isUpstreamLate { exchange.upstreamCall.timedOut(at: now) }
        switch onFailure {
        case .answer: self.fail(self.error(of: phase), from: nil)
        case .cut:
            if case .idle = phase, exchange.upstream != nil, self.isUpstreamLate { exchange.failure = .timeout }
            self.abort(.timedOut(phase))
        case .ignore: break
        }
    }

    /// Whether an idle timeout is the upstream's fault: the response body does not continue, or the upstream does not
    /// accept the request body or does not answer `Expect: 100-continue`.
    private var isUpstreamLate: Bool {
        let exchange = self.exchange
        return exchange.state.stage == .climbing || exchange.upstream?.isWritable == false
            || exchange.upstream != nil && exchange.request.expectsContinue
    }

    /// Whether the target is at fault that the response has not begun. A deadline that the request brought says nothing
    /// about it.
    private func isLate(upstream phase: Deadlines.Phase) -> Bool {
        let deadlines = self.exchange.deadlines
        return switch phase {
        // The time of a try may pass while it waits for its turn.
        case .firstByte: !deadlines.isWaiting(for: .queue)
        case .total:
            !deadlines.isTotalRequested && (deadlines.isWaiting(for: .firstByte) || deadlines.isWaiting(for: .connect))
        case .idle: self.isUpstreamLate
        case .header, .queue, .connect, .write: false
        }
    }

    private func error(of phase: Deadlines.Phase) -> GatewayError {
        switch phase {
        case .queue: GatewayError(.overloaded, retryAfter: 1, reason: "no upstream connection became free")
        // Pools handle slow connections, so here there is no pool yet and the address lookup timed out.
        case .connect: .lookUpTimeout
        case .firstByte: .upstreamTimeout
        case .total: GatewayError(.deadlineExceeded)
        case .idle where self.isUpstreamLate: .upstreamTimeout
        // The request body did not continue.
        case .idle, .header, .write: GatewayError(.requestTimeout)
        }
    }

    /// Ends the exchange because the gateway is stopping. A client that has received no part of a response gets an
    /// error. Any other client is disconnected.
    func drainTimeIsUp() {
        let generation = self.exchange.generation
        if self.exchange.state.canAnswer { self.fail(GatewayError(.draining, retryAfter: 1), from: nil) }
        // Do not wait for a middleware that suspends the exchange.
        if self.exchange.generation == generation { self.abort(.gatewayError) }
    }
}

extension GatewayError {
    /// The process uses more memory than `server.memory_limit`.
    static var outOfMemory: GatewayError {
        GatewayError(.overloaded, retryAfter: 1, reason: "server.memory_limit is exceeded")
    }

    /// Creates the error for a client's message that could not be read.
    package init(client error: MessageError) {
        switch error.code {
        case .startLineTooLong: self.init(.uriTooLong)
        case .headersTooLarge: self.init(.headersTooLarge)
        case .unsupportedVersion: self.init(.versionNotSupported)
        case .unsupportedCoding: self.init(.notImplemented, reason: error.reason)
        case .malformed, .truncated: self.init(.badRequest, reason: error.reason)
        }
    }
}
