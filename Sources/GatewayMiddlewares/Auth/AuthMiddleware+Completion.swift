public import GatewayCore
import GatewayHTTP

extension AuthMiddleware: CompletionHook {
    /// Counts the request for its consumer. Ends what is still asked about a request whose client has left.
    public func complete(_ exchange: Exchange, _ outcome: Outcome) {
        exchange[self.pending]?.abandon()
        // A credential may name nobody.
        guard let consumer = exchange.caller?.consumer, !consumer.name.isEmpty else { return }
        consumer.countRequest(at: exchange.now)
        self.consumers.count(consumer, status: exchange.firstByteAt == nil ? Self.unanswered : exchange.response.status)
    }

    /// The status of a request whose client left before a response was sent.
    private static let unanswered = 499
}
