package import GatewayHTTP
import GatewayHTTP1
package import NIOCore

/// The exchange as the caller of its upstream. `ExchangeDriver` handles the events that follow.
extension Exchange: UpstreamCaller {
    package func balanceHash(by key: HashKey) -> UInt64 { key.hash(of: self) }

    package func countConnectTimeout() { self.plan.meters.countTimeout(.connect) }

    package var announcedClient: AnnouncedClient? { self.client?.announcedClients?.client(at: self.clientAddress) }

    package var isWaitingForResponse: Bool { self.state.stage == .waiting }

    package func writeHead(for target: UpstreamTarget, into buffer: inout ByteBuffer) {
        Forwarder(style: self.plan.forwarding.style).writeHead(of: self, for: target, into: &buffer)
    }

    package func willSendAgain() {
        self.upstream = nil
        // Bytes that arrive before the next attempt would have no stream to go to.
        self.client?.pauseRequestBody()
    }

    package func fillResponse(
        _ fill: (inout ResponseHead) throws(MessageError) -> UpstreamResponse?
    ) throws(MessageError) -> UpstreamResponse? {
        try fill(&self.response)
    }

    package func sent(to stream: any UpstreamStream) { self.driver.sent(to: stream) }
    package func upstreamWritable() { self.driver.upstreamWritable() }
    package func receiveInformational() { self.driver.receiveInformational() }
    package func receiveResponseHead() { self.driver.receiveResponseHead() }
    package func receive(responseBody chunk: ByteBuffer) { self.driver.receive(responseBody: chunk) }
    package func receiveResponseEnd(trailers: TrailerSection?) { self.driver.receiveResponseEnd(trailers: trailers) }
    package func upstreamPaused() { self.driver.upstreamPaused() }
    package func upstreamFailed(_ error: GatewayError) { self.driver.upstreamFailed(error) }
}

extension UpstreamCluster: Upstream {
    func take(_ exchange: Exchange) {
        let call = exchange.upstreamCall
        call.begin(
            for: exchange,
            method: exchange.request.method,
            isChunked: exchange.request.framing.isChunked,
            connectTimeout: exchange.deadlines.connect,
            isUpgrade: exchange.upgrade != nil
        )
        self.take(call)
    }

    package func retryDestination(of exchange: Exchange) -> RetryDestination {
        self.retryDestination(of: exchange.upstreamCall)
    }
}
