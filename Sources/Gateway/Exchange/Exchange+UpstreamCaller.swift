import GatewayHTTP
import GatewayHTTP1
import NIOCore

/// An exchange asks its upstream. ``ExchangeDriver`` handles what becomes of the request.
extension Exchange: UpstreamCaller {
    func balanceHash(by key: HashKey) -> UInt64 { key.hash(of: self) }

    func countConnectTimeout() { self.plan.meters.countTimeout(.connect) }

    var isWaitingForResponse: Bool { self.state.stage == .waiting }

    func writeHead(authority: [UInt8], into buffer: inout ByteBuffer) {
        Forwarder(style: self.plan.forwarding.style).writeHead(of: self, authority: authority, into: &buffer)
    }

    func willSendAgain() {
        self.upstream = nil
        // Bytes that arrive now would have no stream to go to.
        self.client?.pauseRequestBody()
    }

    func readHead(
        from bytes: inout ByteBuffer,
        with parser: inout ResponseParser
    ) throws(MessageError) -> UpstreamResponse? {
        try parser.read(&bytes, into: &self.response, answering: self.request.method)
    }

    func sent(to stream: any UpstreamStream) { self.driver.sent(to: stream) }
    func upstreamWritable() { self.driver.upstreamWritable() }
    func receiveInformational() { self.driver.receiveInformational() }
    func receiveResponseHead() { self.driver.receiveResponseHead() }
    func receive(responseBody chunk: ByteBuffer) { self.driver.receive(responseBody: chunk) }
    func receiveResponseEnd(trailers: TrailerSection?) { self.driver.receiveResponseEnd(trailers: trailers) }
    func upstreamPaused() { self.driver.upstreamPaused() }
    func upstreamFailed(_ error: GatewayError) { self.driver.upstreamFailed(error) }
}

extension UpstreamCluster: Upstream {
    func take(_ exchange: Exchange) {
        let call = exchange.upstreamCall
        call.begin(
            for: exchange,
            method: exchange.request.method,
            isChunked: exchange.request.framing.isChunked,
            connectTimeout: exchange.deadlines.connect
        )
        self.take(call)
    }
}
