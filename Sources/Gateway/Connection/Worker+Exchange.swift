import GatewayHTTP
import NIOCore

/// How an exchange begins, on whatever stream its request has arrived.
extension Worker {
    /// Begins the exchange of a request that has been read into `exchange.request`. Its body follows from the stream.
    ///
    /// - Parameters:
    ///   - peer: The address at the other end of the connection.
    ///   - isTrusted: Whether the peer is a proxy whose forwarding fields name the client.
    ///   - start: When the first byte of the request arrived.
    func begin(
        _ exchange: Exchange,
        from client: any ClientStream,
        at peer: ClientAddress,
        isTrusted: Bool,
        since start: NIODeadline
    ) {
        exchange.reset(client: client, at: self.now, since: start)
        exchange.identifyClient(peer: peer, trusted: isTrusted)
        exchange.takeRoute()
        ForwardedFields.cleanRequest(exchange)
        exchange.begin()
    }

    /// Begins the exchange of a request that could not be read, or was not. It passes the chain of requests without a route,
    /// which answers with the error.
    func refuse(
        _ exchange: Exchange,
        with error: GatewayError,
        from client: any ClientStream,
        at peer: ClientAddress,
        since start: NIODeadline
    ) {
        exchange.rawPath = .empty
        exchange.plan = self.table.unrouted
        exchange.reset(client: client, at: self.now, since: start)
        // Forwarding fields of a head that may be malformed are not trusted.
        exchange.identifyClient(peer: peer, trusted: false)
        exchange.refusal = Exchange.Refusal(error)
        exchange.begin()
    }
}
