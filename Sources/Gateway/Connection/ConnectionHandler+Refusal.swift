import GatewayHTTP
import GatewayHTTP1
import NIOCore

/// What is answered without having been read as a request.
extension ConnectionHandler {
    /// What came is no request: an answer, and then nothing more is read.
    func refuse(_ error: GatewayError, with exchange: Exchange) {
        self.machine.receivedMalformed()
        self.answer(error, with: exchange)
    }

    /// Says that there are too many connections. Nothing is read, so nothing is waited for either: the socket is needed.
    func refuseConnection() {
        self.worker.tick()
        self.headStartedAt = self.worker.now
        self.machine.refused()
        let exchange = self.worker.makeExchange()
        let error = GatewayError(.overloaded, retryAfter: 1)
        self.answer(error, with: exchange)
        // A middleware that takes its time about it is not waited for.
        if self.exchange === exchange, exchange.stage == .descending { exchange.fail(error, from: nil) }
    }

    /// A refused head is still there, or what came of it.
    private func answer(_ error: GatewayError, with exchange: Exchange) {
        exchange.request = RequestHead(refused: self.inbound)
        exchange.bytesIn = UInt64(self.inbound.readableBytes)
        self.exchange = exchange
        self.worker.refuse(exchange, with: error, from: self, at: self.peer, since: self.headStartedAt)
    }
}
