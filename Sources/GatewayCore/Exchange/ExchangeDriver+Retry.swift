import GatewayHTTP
import NIOCore

/// Another try of a request whose response was dropped, or that failed.
extension ExchangeDriver {
    /// Walks down again from below `place` with the same request. Returns false if the request cannot be sent again.
    ///
    /// A request whose body is still being received continues: the part that was sent is sent again, and the rest follows.
    func retry(after delay: TimeAmount, below place: Int, because failure: UpstreamTry.Failure?) -> Bool {
        let exchange = self.exchange
        let chain = exchange.plan.chain
        guard exchange.canBeSentAgain, exchange.requestBody.pipeline == nil || !chain.hasRequestHooks(below: place),
            case .descend = exchange.state.retry()
        else { return false }
        // Bytes that arrive before the next try would have no stream to go to.
        if !exchange.state.isRequestEnded { exchange.client?.pauseRequestBody() }
        if let upstream = exchange.upstream {
            exchange.upstream = nil
            upstream.discard()
        }
        self.dropUpstream()
        self.dropResponse()
        exchange.deadlines.endTry()
        exchange.upstreamCall.restart(after: failure, at: self.worker.now)
        self.rewindRequest()
        exchange.cursor.restart(below: place, among: chain.requestPlaces)
        guard delay > .zero else {
            self.descend()
            return true
        }
        let resumption = exchange.resumption()
        exchange.state.suspend()
        // The timer cannot be forgotten, and the client has until `total`.
        exchange.stopWaiting()
        self.worker.eventLoop.scheduleTask(in: delay) { resumption.resume() }
        return true
    }

    /// Makes the request start from its first byte.
    private func rewindRequest() {
        let exchange = self.exchange
        // The client was told to continue, so no upstream has to do it again.
        if !exchange.request.expectsContinue { exchange.request.headers.remove(.expect) }
        // With transforms, what was kept is their output. The next stream gets it before the rest.
        guard exchange.requestBody.pipeline == nil else { return }
        exchange.requestBody.tee?.restart()
        let kept = exchange.upstreamCall.replay.takeKept()
        if let collected = exchange.requestBody.collected {
            exchange.requestBody.held = collected
        } else if kept.readableBytes > 0 {
            exchange.holdsBodies = true
            exchange.requestBody.held = kept
        }
    }
}

extension Exchange {
    /// Whether all of the request that was sent is available for another try.
    package var canBeSentAgain: Bool {
        self.request.framing.isEmpty || self.upstreamCall.replay.isWholeForRetry
            || self.requestBody.collected != nil && self.requestBody.pipeline == nil
    }

    /// Keeps up to `limit` bytes of the request body for a retry, until ``dropRequestBody()``.
    package func keepRequestBody(upTo limit: Int) { self.upstreamCall.replay = ReplayBuffer(retryLimit: limit) }

    /// Drops what was kept of the request body, because no retry follows.
    package func dropRequestBody() { self.upstreamCall.replay.forget() }

    /// Begins to wait for the response of a try, whose request is complete.
    func beginTry() {
        self.deadlines.beginTry(at: self.worker.now)
        self.arm()
    }
}
