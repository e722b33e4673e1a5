package import GatewayHTTP
import NIOCore

/// Requests that the gateway makes for itself on behalf of others: a cache fetches a response once for all that wait for
/// it. Such an inner exchange runs a part of the chain, and its `ClientStream` receives the response.
extension ExchangeDriver {
    /// Copies the request of another exchange of this event loop, with all that is known about its client. The caller may
    /// change the copy before ``beginInner()``.
    ///
    /// - Parameters:
    ///   - other: An exchange whose request has no body.
    ///   - plan: The part of its plan that the copy runs: see ``RoutePlan/below(_:)``.
    ///   - client: Receives the response.
    package func copyRequest(of other: Exchange, plan: RoutePlan, for client: any ClientStream) {
        let exchange = self.exchange
        exchange.request = RequestHead(copying: other.request)
        exchange.rawPath = other.rawPath
        exchange.plan = plan
        exchange.reset(client: client, at: self.worker.now)
        exchange.captures = other.captures
        exchange.caller = other.caller
        exchange.clientAddress = other.clientAddress
        exchange.isFromTrustedPeer = other.isFromTrustedPeer
        exchange.forwardedOrigin = other.forwardedOrigin
        exchange.forwardingFields = other.forwardingFields
        exchange.acceptsTrailers = other.acceptsTrailers
        exchange.fieldsNamedByRequest = other.fieldsNamedByRequest
        exchange.requestIDRange = other.requestIDRange
        exchange.trace = other.trace
        exchange.needsUnencodedResponse = other.needsUnencodedResponse
        exchange.deadlines.takeLimits(of: other.deadlines)
    }

    /// Sends the request down its part of the chain.
    package func beginInner() { self.descend() }

    /// Ends an inner exchange with an error, which its client reports to those that wait for it.
    func failInner(_ error: GatewayError) {
        self.exchange.client?.failed(error)
        self.finish(.gatewayError)
    }

    /// Continues with a response that `stream` delivers in place of the upstream. It climbs from the middleware at
    /// `place`, whose request hook may be suspended.
    ///
    /// - Parameter fill: Writes the head.
    package func answer(
        with stream: any UpstreamStream,
        from place: Int,
        _ fill: (inout ResponseHead) -> Void
    ) {
        let exchange = self.exchange
        guard exchange.state.canAnswer else { return stream.cancel() }
        exchange.state.endHalt()
        exchange.stopWaiting()
        exchange.deadlines.endTry()
        if exchange.upstream !== stream { self.dropUpstream() }
        self.dropResponse()
        exchange.state.receivedElsewhere()
        exchange.origin = .upstream
        exchange.errorCode = nil
        exchange.upstream = stream
        fill(&exchange.response)
        exchange.cursor.turn(from: place, among: exchange.plan.chain.responsePlaces)
        self.climb()
    }
}

extension Exchange {
    /// Takes over what the log and the metrics say about the upstream of an inner exchange, which was made on behalf of
    /// this one.
    package func report(_ inner: Exchange) {
        self.holdsBodies = true
        self.upstreamCall.report(inner.upstreamCall)
        self.failure = inner.failure
    }

    /// The path and query that the upstream receives, as a range in `request.headers`.
    package var forwardedPath: ByteRange { Forwarder.forwardedPath(of: self) }

    /// The place of the request hook that is running.
    package var currentPlace: Int { self.plan.chain.requestPlaces[self.cursor.currentDown] }
}
